package io.ltxfs.node.replication;

import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * What a node answers its peers. Called by the {@link PeerServer} on threads of its own; every method returns at once. A
 * stage that fails with {@link Refused} refuses with its message, this node's promised epoch and the primary it knows.
 */
public interface PeerHandler {

    /** This node. */
    Member self();

    /** The highest epoch that it has promised. */
    long promised();

    /** The primary that it knows, itself if it is one. */
    Optional<Member> primary();

    /**
     * A replica asks to follow. What it sent is known to be of this cluster and of this protocol, no more.
     *
     * @param link to it; may be closed at any moment, from now on
     * @param standing what it says that it has
     * @return the epoch and the start positions, or a refusal: not primary, or the replica has promised a higher epoch
     */
    CompletionStage<Admission> replicaComes(ReplicaLink link, Standing standing);

    /**
     * An acknowledgement of a replica, of its link's epoch. Called for one link in order.
     *
     * @param durable what the replica has durably, where that changed
     * @param applied what its readers see, where that changed
     * @param historyComplete whether it has this epoch's history completely
     */
    void acknowledged(
            ReplicaLink link, Map<String, Place> durable, Map<String, Place> applied, boolean historyComplete);

    /** A sign of life that is no acknowledgement: it was heard of. */
    void heard(ReplicaLink link);

    /** A peer shows that it has promised an epoch: a lower one of this node's is over. */
    void promiseSeen(long promised);

    /** A link that was admitted is over; nothing comes from it any more. */
    void replicaGone(ReplicaLink link, String why);

    /**
     * A candidate asks to promise its epoch.
     *
     * @return what this node has, once it has promised durably and passed its {@link EpochGate}; or a refusal if it has
     *     promised a higher one
     */
    CompletionStage<Standing> seal(Member candidate, long epoch);

    /** What this node has. */
    Standing standing();

    /** Whether it accepts commits. */
    boolean acceptsCommits();

    /** A replica asks for the primary's role. @return the epoch that was offered to it */
    CompletionStage<Long> handOver(Member successor);

    /** What replicas are told every tenth of a TTL. */
    HeartbeatFacts heartbeat();

    /**
     * How a replica may follow.
     *
     * @param epoch this node's, as a primary
     * @param startPositions what it had when it accepted
     */
    record Admission(long epoch, Map<String, Place> startPositions) {
        /** Copies the map. */
        public Admission {
            startPositions = Map.copyOf(startPositions);
        }
    }
}
