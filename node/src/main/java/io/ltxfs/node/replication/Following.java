package io.ltxfs.node.replication;

import io.ltxfs.node.cluster.Standing.Place;

/** A node follows a primary until this is closed. For use by all threads. */
public interface Following extends AutoCloseable {

    /** Where the primary is. */
    String address();

    /** Whether there is a connection that was welcomed. */
    boolean connected();

    /** Tells the primary that readers see a transaction. */
    void applied(String database, Place place);

    /** Tells the primary that this node has the history of its epoch completely; recorded durably before. */
    void historyComplete(long epoch);

    /** Nothing is taken, acknowledged or told any more when this returns. */
    @Override
    void close();
}
