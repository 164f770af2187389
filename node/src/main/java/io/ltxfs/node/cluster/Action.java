package io.ltxfs.node.cluster;

import io.ltxfs.lease.Quorum;
import io.ltxfs.node.cluster.Standing.Place;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What to do, as a {@link ClusterMachine} says it; in this order, each before the next event is told. Those with a
 * {@code step} are begun only, and answered by an {@link Event} with that step, {@link Event.Failed} in any case; an answer
 * that never comes is asked for again.
 */
public sealed interface Action {
    /** One that is only begun, and answered later. */
    sealed interface Step extends Action {
        /** Its number. */
        long step();
    }

    // ---- memory, lease

    /**
     * Make this durable, then tell {@link Event.Remembered}; if its history epoch is a new one, what was received is made
     * durable before. From this moment on nothing of an epoch below
     * {@code promised} may be taken or acknowledged (the gate is closed before it is written). At most one is under way.
     */
    record Remember(ClusterMemory memory) implements Action {}

    /** {@link io.ltxfs.lease.Lease#candidate}. */
    record Candidate(boolean wanted, Duration delay) implements Action {}

    /** {@link io.ltxfs.lease.Lease#quorum}; {@link Event.LeaseIs} shows when it is proven stored. */
    record StoreQuorum(Quorum quorum) implements Action {}

    /**
     * {@link io.ltxfs.lease.Lease#handOver}, vouched: this process has refused writes before. If it returns false:
     * {@link Event.Failed}.
     */
    record Offer(long step, long epoch, String process, Peer successor) implements Step {}

    /** {@link io.ltxfs.lease.Lease#sighted}: somebody has an epoch that the lease did not show here yet. */
    record Sight(long epoch) implements Action {}

    /** {@link io.ltxfs.lease.Lease#release}: this process has refused writes before. */
    record ReleaseLease() implements Action {}

    /** Read the lease object once more: {@link Event.LeaseProven}. */
    record ProveLease(long step) implements Step {}

    // ---- to peers

    /** Ask a peer what it has: {@link Event.Peeked}. */
    record Peek(long step, Peer peer) implements Step {}

    /** Ask a peer to promise: {@link Event.Sealed} or {@link Event.SealRefused}. */
    record Seal(long step, Peer peer, long epoch) implements Step {}

    /** Take a peer's transactions of a database after this node's position: {@link Event.Fetched}. */
    record Fetch(long step, Peer peer, long epoch, String database) implements Step {}

    /** Bring a database to what a peer has, keeping what is only here as divergent: {@link Event.Done}. */
    record Conform(long step, Peer peer, long epoch, String database) implements Step {}

    /** Keep a database, that the history does not have, as divergent, and forget its position: {@link Event.Done}. */
    record MoveAside(long step, long epoch, String database) implements Step {}

    /** This node has promised, and has that. */
    record AnswerSeal(long request, Standing standing) implements Action {}

    /** This node has promised a higher epoch. */
    record RefuseSeal(long request, long promised) implements Action {}

    /**
     * Ask the primary to hand its role over to this node: {@link Event.PromiseSeen} with the epoch that is offered, so that the
     * lease is read at once, and {@link Event.Failed} if it is not.
     */
    record AskHandOver(long step, Peer primary) implements Step {}

    // ---- archive

    /** What the archive has of every database: {@link Event.ArchiveRead}. */
    record ReadArchive(long step) implements Step {}

    /**
     * Take what the archive has of a database beyond this node.
     *
     * @param conform bring it to what the archive has even where that is shorter or another history
     */
    record FetchArchive(long step, long epoch, String database, boolean conform) implements Step {}

    /** Claim the epoch for every database from its next TXID on: {@link Event.Done}. Nothing is uploaded before it is done. */
    record Claim(long step, long epoch) implements Step {}

    // ---- this node as a replica

    /** Follow a node, trying again until {@link StopFollowing}: {@link Event.Welcomed}, {@link Event.Disconnected}. */
    record Follow(long link, Peer primary) implements Action {}

    /** Nothing of the stream is taken or acknowledged when this returns. */
    record StopFollowing(long link) implements Action {}

    /** Go on after {@link Event.Welcomed}: the epoch is promised. */
    record Take(long link, long epoch) implements Action {}

    /** End the connection after {@link Event.Welcomed}: its epoch is below the promised one, which the other side is told. */
    record RefuseWelcome(long link, long promised) implements Action {}

    /**
     * Tell the primary that its history is here completely.
     *
     * @param durable all that is here, to be told with it: what is here of other histories is gone
     */
    record SayComplete(long link, long epoch, Map<String, Place> durable) implements Action {
        /** Copies the map. */
        public SayComplete {
            durable = Map.copyOf(durable);
        }
    }

    // ---- replicas of this node

    /** Take a replica in. */
    record Admit(long link, long epoch, Map<String, Place> start) implements Action {
        /** Copies the map. */
        public Admit {
            start = Map.copyOf(start);
        }
    }

    /** End a replica's stream, whether it was taken in or not. */
    record RefuseReplica(long link, String why) implements Action {}

    /** End the streams of all replicas; what this node has promised, and whom it knows as the primary, is told with it. */
    record DropReplicas(String why) implements Action {}

    // ---- the mount

    /**
     * Take SQLite's write locks of all databases: {@link Event.Done}.
     *
     * @param force after the bound, databases with an open transaction get a new inode; else it fails then
     */
    record TakeLocks(long step, Duration bound, boolean force) implements Step {}

    /** Apply everything that was received, then give the locks back: {@link Event.Done}. */
    record GiveLocks(long step) implements Step {}

    /** Give up {@link TakeLocks} of a hand-over: nothing is to be applied. */
    record LetWrite() implements Action {}

    /** Make every committed transaction durable: {@link Event.Done}. */
    record Flush(long step) implements Step {}

    /** Commits are accepted under this epoch, as long as the lease says so too. */
    record AcceptWrites(long epoch) implements Action {}

    /** No commit is accepted when this returns. */
    record RefuseWrites() implements Action {}

    // ---- answers

    /** What became of commits that waited. */
    record AnswerCommits(List<Long> commits, Outcome outcome) implements Action {
        /** Copies the list. */
        public AnswerCommits {
            commits = List.copyOf(commits);
        }
    }

    /** What became of a commit. */
    enum Outcome {
        /** It is as durable as it has to be. */
        DURABLE,
        /** It returns without, with an alarm. */
        DEGRADED,
        /** It stays; whether it is as durable as it has to be is not known: EIO. */
        UNKNOWN
    }

    /** The answer to an operator, or to a replica that asked for the role. */
    record Answer(long request, boolean done, String text) implements Action {}

    /** A line for the log of the node. */
    record Say(boolean warning, String text) implements Action {}
}
