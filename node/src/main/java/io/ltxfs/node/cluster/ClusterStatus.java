package io.ltxfs.node.cluster;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a node shows of the cluster.
 *
 * @param role what it is
 * @param phase what it is doing
 * @param epoch the highest that it knows (unsigned)
 * @param historyEpoch of the last primary whose history it has completely (unsigned)
 * @param primary itself, or whom it follows; empty if none is known
 * @param connected as a replica, whether the primary has taken it in
 * @param waitsFor what it waits for and what to do; empty if for nothing
 * @param voters whose acknowledgements count
 * @param degraded databases whose commits return without their durability
 * @param waitingCommits how many commits wait
 */
public record ClusterStatus(
        Role role,
        Phase phase,
        long epoch,
        long historyEpoch,
        Optional<Peer> primary,
        boolean connected,
        Optional<String> waitsFor,
        List<String> voters,
        Set<String> degraded,
        int waitingCommits) {

    /** As {@code status} names it. */
    public enum Role {
        /** All that was received is applied, and writes are accepted. */
        PRIMARY,
        /** It has followed a primary since it started. */
        REPLICA,
        /** Neither yet. */
        STARTING
    }

    /** The steps of decision 11. */
    public enum Phase {
        /** It follows, or looks for somebody to follow, and stands for the lease. */
        REPLICA,
        /** It has the lease, and asks its peers to promise. */
        SEALING,
        /** It takes from them and from the archive what it does not have. */
        LEARNING,
        /** It claims its epoch in the archive. */
        CLAIMING,
        /** It records that it is primary. */
        ACCEPTING,
        /** It accepts commits. */
        PRIMARY,
        /** It gives its role away. */
        RESIGNING,
        /** It stops. */
        STOPPED
    }
}
