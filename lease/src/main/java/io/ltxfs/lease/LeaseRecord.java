package io.ltxfs.lease;

/**
 * What the lease object says. It is never deleted: its epoch would begin again (rule 1).
 *
 * @param epoch grows by one with every acquisition, by whomever; 1 or more (unsigned)
 * @param holder identity of the process that holds it, chosen at random at its start
 * @param node the holder's name, for people
 * @param advertise where the holder's peers reach it
 * @param nonce changes with every write, so that the object's ETag does too (rule 3)
 * @param ttlMillis for how long the holder may go on after the request that wrote this, 1 or more
 * @param state whether the holder holds it
 */
public record LeaseRecord(
        long epoch, String holder, String node, String advertise, String nonce, long ttlMillis, State state) {

    /** Whether the named holder holds the lease. */
    public enum State {
        /** It does. */
        HELD,
        /** It was given to the named holder, which takes it by renewing it; nobody holds it meanwhile (rule 18). */
        OFFERED,
        /** It was given back: whoever comes first may take it. */
        RELEASED
    }

    LeaseRecord with(State newState, String newNonce) {
        return new LeaseRecord(epoch, holder, node, advertise, newNonce, ttlMillis, newState);
    }
}
