package io.ltxfs.lease;

import java.util.Optional;

/**
 * What the lease object says. It is never deleted: its epoch would begin again (rule 1).
 *
 * @param epoch grows by one with every acquisition, by whomever; 1 or more (unsigned)
 * @param holder identity of the process that holds it, chosen at random at its start
 * @param node the holder's name
 * @param advertise where the holder's peers reach it
 * @param nonce changes with every write, so that the object's ETag does too (rule 3)
 * @param ttlMillis for how long the holder may go on after the request that wrote this, 1 or more
 * @param state whether the holder holds it
 * @param vouched whether the primary before offered it in order, with the word that this holder has everything
 * @param quorum of the last primary; empty if there never was one
 */
public record LeaseRecord(
        long epoch,
        String holder,
        String node,
        String advertise,
        String nonce,
        long ttlMillis,
        State state,
        boolean vouched,
        Optional<Quorum> quorum) {

    /** Whether the named holder holds the lease. */
    public enum State {
        /** It does. */
        HELD,
        /** It was given to the named holder, which takes it by renewing it; nobody holds it meanwhile (rule 18). */
        OFFERED,
        /** It was given back: whoever comes first may take it. */
        RELEASED
    }
}
