package io.ltxfs.node.replication;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.node.cluster.Standing.Place;
import java.io.IOException;
import java.util.concurrent.CompletionStage;

/** Speaks to peers. Addresses are {@code host:port}. A refusal by a peer is a {@link Refused}. */
public final class PeerClient implements AutoCloseable {

    /**
     * Makes one; nothing is connected.
     *
     * @param receiver takes what comes
     * @param gate asked before anything is taken or acknowledged
     */
    public PeerClient(PeerSettings settings, DatabaseSet databases, Receiver receiver, EpochGate gate) {
        throw new UnsupportedOperationException();
    }

    /** Asks a peer to promise an epoch. Fails within half a TTL. */
    public CompletionStage<PeerStanding> seal(String address, long epoch) {
        throw new UnsupportedOperationException();
    }

    /** Asks a peer what it has. Fails within half a TTL. */
    public CompletionStage<PeerStanding> peek(String address) {
        throw new UnsupportedOperationException();
    }

    /** Asks the primary for its role. Fails within the time given. @return the epoch that is offered */
    public CompletionStage<Long> handOver(String address, java.time.Duration within) {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes a peer's transactions of one database after what this node has received of it, and makes them durable. Blocks.
     *
     * @param epoch under which this is done; the gate must let it through
     * @return whether the peer's history holds this node's position; if not, nothing was taken: {@link #conform}
     */
    public boolean fetch(String address, long epoch, String database) throws IOException, InterruptedException {
        throw new UnsupportedOperationException();
    }

    /**
     * Brings one database to what a peer's readers see of it, by taking the pages that differ, durably. Blocks.
     *
     * @param divergent told before the database is changed
     * @return where it is now
     */
    public Place conform(String address, long epoch, String database, Divergent divergent)
            throws IOException, InterruptedException {
        throw new UnsupportedOperationException();
    }

    /** Keeps what is about to be replaced: {@link FollowHandler#keepDivergent}. */
    @FunctionalInterface
    public interface Divergent {
        /** Keeps it. */
        void keep(String database, java.util.OptionalLong fork) throws IOException;
    }

    /** Follows a primary, from now on until it is closed. One at a time. */
    public Following follow(String address, FollowHandler handler) {
        throw new UnsupportedOperationException();
    }

    /** Reads certificates again, for new connections. */
    public void reloadTls() throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Ends all connections. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
