package io.ltxfs.node.replication;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.node.config.Endpoint;
import java.io.IOException;
import java.util.List;

/** The port for peers: one stream for each replica, and short calls. */
public final class PeerServer implements AutoCloseable {
    private PeerServer() {}

    /**
     * Listens.
     *
     * @param databases whose transactions and images are given
     * @throws IOException if the port cannot be had, or a certificate not be read; says which
     */
    public static PeerServer start(
            Endpoint listen, PeerSettings settings, PeerHandler handler, DatabaseSet databases, Receiver receiver)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    /** The port that it listens on. */
    public int port() {
        throw new UnsupportedOperationException();
    }

    /** The replicas that follow at the moment. */
    public List<ReplicaLink> replicas() {
        throw new UnsupportedOperationException();
    }

    /** Ends all replicas' streams: this node is no primary any more. */
    public void closeReplicas(String why) {
        throw new UnsupportedOperationException();
    }

    /** Reads certificates again; connections that are open stay. */
    public void reloadTls() throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Ends all streams and gives the port back. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
