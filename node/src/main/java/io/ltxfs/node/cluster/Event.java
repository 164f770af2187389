package io.ltxfs.node.cluster;

import io.ltxfs.lease.Lease;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.config.Durability;
import io.ltxfs.node.config.WhenWaitEnds;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What happened, as a {@link ClusterMachine} is told. Late and repeated ones do no harm: those that answer an action carry
 * its {@code step}, which no other action of this process has; those of a stream carry its {@code link}, a number that the
 * caller chooses (replicas' links) or that the action gave (this node's own).
 */
public sealed interface Event {

    // ---- lease, time, memory

    /** The lease as it is. Told at each change, and with each tick. */
    record LeaseIs(Lease.Status status) implements Event {}

    /** Time has passed; at the latest when {@link ClusterMachine#wakeAt} said so. */
    record Tick() implements Event {}

    /** {@link Action.Remember} is durable. */
    record Remembered(ClusterMemory memory) implements Event {}

    /** {@link Action.Remember} failed; it is asked for again. */
    record NotRemembered(String why) implements Event {}

    /** Other nodes were heard of. */
    record PeersSeen(List<Peer> peers) implements Event {}

    // ---- answers to what a candidate asks

    /** {@link Action.Seal}: the peer has promised, durably. */
    record Sealed(long step, Standing standing) implements Event {}

    /** {@link Action.Seal}: the peer has promised a higher epoch. */
    record SealRefused(long step, long promised) implements Event {}

    /** {@link Action.Peek}. */
    record Peeked(long step, Standing standing, boolean primary) implements Event {}

    /**
     * {@link Action.Fetch}: done, durably.
     *
     * @param inHistory false if the peer's history does not hold this node's position: nothing was taken
     */
    record Fetched(long step, boolean inHistory) implements Event {}

    /** {@link Action.ReadArchive}. */
    record ArchiveRead(long step, Map<String, ArchivePlace> places) implements Event {
        /** Copies the map. */
        public ArchiveRead {
            places = Map.copyOf(places);
        }
    }

    /**
     * What the archive has of a database.
     *
     * @param place the last transaction in it that is in force; checksum 0 if unknown
     * @param epoch the highest of any object in force (unsigned)
     */
    record ArchivePlace(Place place, long epoch) {}

    /** The action with this step is done: Conform, MoveAside, FetchArchive, Claim, TakeLocks, GiveLocks, Flush. */
    record Done(long step) implements Event {}

    /** Any action with this step has failed, or its bound has passed. */
    record Failed(long step, String why) implements Event {}

    // ---- what peers ask of this node

    /** A candidate asks for a promise. Answered by {@link Action.AnswerSeal} or {@link Action.RefuseSeal}. */
    record SealAsked(long request, Peer candidate, long epoch) implements Event {}

    /**
     * A replica asks the primary for its role. Answered by {@link Action.Answer} with this request.
     *
     * @param process identity of the asking process
     */
    record HandOverAsked(long request, Peer successor, String process) implements Event {}

    // ---- replicas of this node

    /** A replica wants to follow. Answered by {@link Action.Admit} or {@link Action.RefuseReplica}, maybe later. */
    record ReplicaComes(long link, Peer replica, String process, Standing standing) implements Event {}

    /**
     * A replica says what it has; only what changed, but everything with {@code complete}.
     *
     * @param complete whether it has, durably recorded, the history epoch that is the stream's
     */
    record ReplicaHas(long link, Map<String, Place> durable, Map<String, Place> applied, boolean complete)
            implements Event {
        /** Copies the maps. */
        public ReplicaHas {
            durable = Map.copyOf(durable);
            applied = Map.copyOf(applied);
        }
    }

    /** A sign of life. */
    record ReplicaHeard(long link) implements Event {}

    /** A link is over. */
    record ReplicaGone(long link) implements Event {}

    /** Any peer, or its refusal, has shown a promise of an epoch: a lower one of ours is over. */
    record PromiseSeen(long promised) implements Event {}

    // ---- this node as a replica

    /**
     * The primary takes this node in. Nothing is taken of the stream before {@link Action.Take}.
     *
     * @param replaced databases that this node has to take anew
     * @param absent databases of this node that the primary does not have
     */
    record Welcomed(
            long link, long epoch, Peer primary, Map<String, Place> start, Set<String> replaced, Set<String> absent)
            implements Event {
        /** Copies the collections. */
        public Welcomed {
            start = Map.copyOf(start);
            replaced = Set.copyOf(replaced);
            absent = Set.copyOf(absent);
        }
    }

    /** Transactions or replacements that came on the stream are durable here. */
    record TakenDurably(long link, Map<String, Place> positions) implements Event {
        /** Copies the map. */
        public TakenDurably {
            positions = Map.copyOf(positions);
        }
    }

    /** A database that the primary does not have was moved aside, durably; {@code positions} has it no more. */
    record AsideDurably(long link, String database) implements Event {}

    /**
     * A stream could not be opened or has ended; it is tried again until {@link Action.StopFollowing}.
     *
     * @param primary whom the other side takes for the primary
     */
    record Disconnected(long link, String why, Optional<Peer> primary) implements Event {}

    // ---- commits of this node

    /** A transaction is durable here and waits for more. Answered by {@link Action.AnswerCommits}. */
    record CommitWaits(long commit, String database, long txid, Durability durability, long maxNanos, WhenWaitEnds then)
            implements Event {}

    /** The archive has everything of a database up to a TXID. */
    record Archived(String database, long txid) implements Event {}

    /** {@link Action.ProveLease}: read after it was asked for, the lease object said that this process holds this epoch. */
    record LeaseProven(long step, long epoch) implements Event {}

    // ---- operator

    /** {@code ltxfs promote}. */
    record Promote(long request, boolean force) implements Event {}

    /** {@code ltxfs handoff}. */
    record HandOff(long request, Optional<String> node) implements Event {}

    /** The node is to stop: hand over or release. Answered when the lease is given away, or it had none. */
    record Stop(long request) implements Event {}
}
