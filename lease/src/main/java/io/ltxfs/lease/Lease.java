package io.ltxfs.lease;

import java.util.Optional;

/** Who may commit: asked inside every commit, so it answers at once. For all threads. */
public interface Lease extends AutoCloseable {

    /**
     * What a node shows of its lease.
     *
     * @param held whether this process may commit now
     * @param epoch the highest epoch that was seen; 0 without a lease
     * @param remainingMillis for how long it may go on without a renewal; 0 if it does not hold it
     * @param holder the object as it was last seen
     * @param problem what is wrong and what to do; empty if all is well
     */
    record Status(
            boolean held, long epoch, long remainingMillis, Optional<LeaseRecord> holder, Optional<String> problem) {}

    /**
     * The epoch under which this process may commit at this moment.
     *
     * @return -1 if it may not
     */
    long epochHeld();

    /** What it looks like now. */
    Status status();

    /** Says whether this process is to take the lease when it can be had. */
    void candidate(boolean wanted);

    /** Gives the lease back; commits are refused from now on. */
    void release();

    /** Gives the lease to another process; commits are refused from now on. */
    void handOver(String holder, String node, String advertise);

    /** A heartbeat has shown a version of the lease object. */
    void sighted(String etag, long epoch);

    /** The ETag to show to others; empty without one. */
    Optional<String> etag();

    @Override
    void close();
}
