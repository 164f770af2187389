package io.ltxfs.lease;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Who may commit: asked inside every commit, so it answers at once. For all threads. */
public interface Lease extends AutoCloseable {

    /**
     * A version of the lease object.
     *
     * @param record what it says
     * @param etag of that version
     */
    record Seen(LeaseRecord record, String etag) {}

    /**
     * The lease as this process knows it.
     *
     * @param epochHeld under which this process may commit now; -1 if it may not
     * @param epochHolding of the lease that this process holds and has not lost, though it may not commit at this moment
     *     (after a pause, until a renewal shows that it is over); -1 if none. A node is to give its role up when this goes
     * @param remainingMillis for how long it may go on without a renewal; 0 if it does not hold it
     * @param epochMax the highest epoch that was seen anywhere (unsigned); 0 for none
     * @param seen the object as it was last read or written; empty if none was seen, or it is known to have changed since
     * @param missing whether the store was asked and has no such object, and none was ever seen
     * @param vouched whether this process holds what the primary before offered to it with a voucher: it need not seal
     * @param quorum that is proven to be stored, as long as this process holds the lease; else the last one seen. Before
     *     {@link Lease#quorum} it is that of the primary before
     * @param quorumsPossible other quorums that the object may have, or is about to have: what is acknowledged must be so
     *     under each of them too
     * @param problem what is wrong and what to do; empty if all is well
     */
    record Status(
            long epochHeld,
            long epochHolding,
            long remainingMillis,
            long epochMax,
            Optional<Seen> seen,
            boolean missing,
            boolean vouched,
            Optional<Quorum> quorum,
            List<Quorum> quorumsPossible,
            Optional<String> problem) {

        /** Whether this process may commit now. */
        public boolean held() {
            return epochHeld >= 0;
        }

        Status withProblem(String text) {
            return new Status(
                    epochHeld,
                    epochHolding,
                    remainingMillis,
                    epochMax,
                    seen,
                    missing,
                    vouched,
                    quorum,
                    quorumsPossible,
                    Optional.of(text));
        }
    }

    /**
     * What came of the requests to the store.
     *
     * @param renewals that are known to have been done, the acquisitions among them
     * @param failed writes that were refused, not done, or of which nobody knows
     * @param ambiguous those of them whose answer says nothing about whether they were done
     * @param lastRenewalMillis how long the last successful one took
     */
    record Counters(long renewals, long failed, long ambiguous, long lastRenewalMillis) {}

    /**
     * The epoch under which this process may commit at this moment.
     *
     * @return -1 if it may not
     */
    long epochHeld();

    /** What it looks like now, all of one moment. */
    Status status();

    /** Counted since the start. */
    Counters counters();

    /** The random identity of this process in the lease object: peers need it to offer the lease to it. */
    String holder();

    /**
     * Says whether this process is to take the lease when it can be had.
     *
     * @param delay how much longer than needed it waits; what is offered to it is taken without
     */
    void candidate(boolean wanted, Duration delay);

    /** Stores who acknowledges: renews at once, with this quorum. Nothing happens if this process does not hold the lease. */
    void quorum(Quorum quorum);

    /**
     * Reads the lease object, and tells whether it still says that this process holds it under an epoch: a paused process or
     * a wrong clock cannot pass that (rule 14).
     *
     * @param then called once, on a thread of the lease: it must return soon
     */
    void confirm(long epoch, Consumer<Boolean> then);

    /** Gives the lease back; commits are refused from now on. Nothing happens if this process does not hold it. */
    void release();

    /**
     * Gives the lease to another process; commits are refused from now on.
     *
     * @param holder the other's {@link #holder}
     * @param vouched whether the other has everything that this process ever acknowledged, so that it need not ask others
     * @return false, without an effect, if this process does not hold the lease at this moment
     */
    boolean handOver(String holder, String node, String advertise, boolean vouched);

    /**
     * A peer has shown a version of the lease object, or an epoch that it promised.
     *
     * @param etag empty if only the epoch is known
     */
    void sighted(String etag, long epoch);

    /** The ETag to show to others; empty without one. */
    Optional<String> etag();

    @Override
    void close();
}
