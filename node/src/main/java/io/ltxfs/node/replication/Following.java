package io.ltxfs.node.replication;

import io.ltxfs.node.cluster.Standing.Place;
import java.util.Map;

/** A node follows a primary until this is closed. For use by all threads. */
public interface Following extends AutoCloseable {

    /** Where the primary is. */
    String address();

    /** Whether there is a connection that was welcomed. */
    boolean connected();

    /** Tells the primary that readers see a transaction. */
    void applied(String database, Place place);

    /**
     * Tells the primary that this node has the history of its epoch completely; recorded durably before.
     *
     * @param durable all that it has
     */
    void historyComplete(long epoch, Map<String, Place> durable);

    /** Nothing is taken, acknowledged or told any more when this returns. */
    @Override
    void close();
}
