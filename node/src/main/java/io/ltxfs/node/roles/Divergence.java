package io.ltxfs.node.roles;

import java.io.IOException;
import java.util.Map;
import java.util.OptionalLong;

/** Keeps what this node has and the history of the cluster does not. For all threads; both may take long. */
public interface Divergence {
    /**
     * Keeps what a database has after the last transaction that it has in common with the cluster's.
     *
     * @param fork that one; empty if none is known: everything that is there is kept
     */
    void keep(String database, OptionalLong fork) throws IOException;

    /** Keeps a database that the cluster does not have, and removes it here, its position too; durable on return. */
    void moveAside(String database) throws IOException;

    /** What is kept, by database. */
    Map<String, ClusterView.Divergent> kept();
}
