package io.ltxfs.node.cluster.sim;

import io.ltxfs.node.cluster.Peer;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What goes over a stream between a replica and its primary. */
sealed interface Message {
    // ---- from the replica

    record Hello(Peer replica, String process, Standing standing) implements Message {}

    record Has(long epoch, Map<String, Place> durable, Map<String, Place> applied, boolean complete)
            implements Message {}

    /** A database that was to be replaced is there; null if nothing is. */
    record Resume(long epoch, String database, @Nullable Tx at) implements Message {}

    record Promised(long epoch) implements Message {}

    // ---- from the primary

    record Welcome(long epoch, Peer primary, Map<String, Place> start, Set<String> replaced, Set<String> absent)
            implements Message {}

    record Transaction(long epoch, Tx tx) implements Message {}

    /** Transactions of this database cannot be given any more. */
    record Replace(long epoch, String database) implements Message {}

    record Heartbeat(long epoch, String etag, List<Peer> members) implements Message {}

    record NotTaken(long promised, Optional<Peer> primary) implements Message {}
}
