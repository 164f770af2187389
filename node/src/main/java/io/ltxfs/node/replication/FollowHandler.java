package io.ltxfs.node.replication;

import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import java.io.IOException;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;

/**
 * What a node that follows decides and is told. Called by {@link PeerClient} on threads of its own, for one connection in
 * order; only {@link #keepDivergent} and {@link #absent} may take long.
 */
public interface FollowHandler {

    /** What this node has, for a new connection. */
    Standing standing();

    /**
     * The primary takes this node in. Nothing is taken from it until the stage has completed: its epoch is promised
     * durably then. A stage that fails ends the connection; it is tried again after a while.
     */
    CompletionStage<?> welcomed(Welcome welcome);

    /**
     * The primary lives.
     *
     * @param facts its lease, the members
     * @param positions its last durable transactions, where they changed
     */
    void heartbeat(long epoch, HeartbeatFacts facts, Map<String, Place> positions);

    /** Transactions, or replacements, of a connection's epoch are durable here; the acknowledgement is on its way. */
    void durable(long epoch, Map<String, Place> positions);

    /**
     * A database is about to be replaced: keeps what this node has of it and the primary's history does not. Blocks.
     *
     * @param fork the last TXID that both have; empty if none is known
     */
    void keepDivergent(String database, OptionalLong fork) throws IOException;

    /** The primary does not have a database that this node has: moves it aside, under the connection's epoch. Blocks. */
    void absent(long epoch, String database) throws IOException;

    /**
     * A connection could not be made, or has ended. It is tried again, after a while, until it is closed.
     *
     * @param why what to tell people
     */
    void disconnected(IOException why);
}
