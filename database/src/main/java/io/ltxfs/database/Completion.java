package io.ltxfs.database;

/** Told once that an operation is over; on the caller's thread before the call returns, or later on any thread. */
@FunctionalInterface
public interface Completion {
    /** @param errno 0, or the Linux error number that the system call answers with; nothing was done then */
    void done(int errno);
}
