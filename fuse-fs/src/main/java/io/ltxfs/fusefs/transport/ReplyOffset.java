package io.ltxfs.fusefs.transport;

/** Answers {@code lseek}. */
public interface ReplyOffset extends Reply {
    /** @param offset the position found, in bytes from the file's beginning */
    void offset(long offset);
}
