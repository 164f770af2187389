package io.ltxfs.node.roles;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a node knows of its cluster at a moment.
 *
 * @param role this node's
 * @param epoch the highest that was seen; 0 without a lease
 * @param primary who is the primary, as far as is known
 * @param leaseRemainingMillis for how long this node may go on without a renewal; empty if it does not hold the lease
 * @param lagMillis how long ago this node had all that the primary has; 0 on the primary
 * @param peers the others that are known
 * @param replicas for each database how far the replicas are; on the primary only
 * @param divergent for each database what was kept of transactions that the others never had
 * @param waiting what the node waits for, one line each, with what to do
 * @param warnings what is wrong, one line each, the most urgent first, with what to do
 * @param counts for the metrics
 */
public record ClusterView(
        Role role,
        long epoch,
        Optional<Member> primary,
        OptionalLong leaseRemainingMillis,
        long lagMillis,
        List<Peer> peers,
        Map<String, List<Replica>> replicas,
        Map<String, Divergent> divergent,
        List<String> waiting,
        List<String> warnings,
        Counts counts) {

    /** What a node is. */
    public enum Role {
        /** All that was received is applied, and writes are accepted. */
        PRIMARY,
        /** Another node writes, or is to. */
        REPLICA,
        /** It is not known yet. */
        STARTING
    }

    /** A node: its name, and where its peers reach it. */
    public record Member(String node, String advertise) {}

    /**
     * Another node.
     *
     * @param reachable whether it answered lately
     * @param voter whether its acknowledgements count
     * @param heardMillis how long ago it was heard of; -1 for never
     * @param state what it is doing, in a word
     */
    public record Peer(
            String node, String advertise, boolean reachable, boolean voter, long heardMillis, String state) {}

    /**
     * How far a replica is with a database.
     *
     * @param txid the last transaction that it has applied
     * @param lagMillis how old what it has not applied is; 0 if it has all
     */
    public record Replica(String node, long txid, long lagMillis) {}

    /** What was kept of transactions that the others never had. */
    public record Divergent(long files, long bytes) {}

    /**
     * Numbers since the start.
     *
     * @param renewalsFailed renewals of the lease that failed
     * @param ambiguous requests for the lease of unknown outcome
     * @param acksWaiting commits that wait for acknowledgements or the archive at this moment
     * @param applyWaiting databases that wait for an application before they can be applied to
     * @param degraded commits that were answered without what their durability asks for
     */
    public record Counts(long renewalsFailed, long ambiguous, long acksWaiting, long applyWaiting, long degraded) {
        /** Of a node that is alone. */
        public static final Counts NONE = new Counts(0, 0, 0, 0, 0);
    }

    /** A node that is alone: the primary as soon as its mount is there. */
    public static ClusterView alone(boolean serving, Member self, List<String> warnings) {
        return new ClusterView(
                serving ? Role.PRIMARY : Role.STARTING,
                0,
                Optional.of(self),
                OptionalLong.empty(),
                0,
                List.of(),
                Map.of(),
                Map.of(),
                List.of(),
                warnings,
                Counts.NONE);
    }
}
