package io.ltxfs.node.replication;

import io.ltxfs.objectstore.ObjectStore;
import java.io.IOException;

/**
 * What all nodes of a cluster know and others do not: an object beside the lease.
 *
 * @param id names the cluster, for people
 * @param secret 64 hexadecimal digits
 */
public record ClusterIdentity(String id, String secret) {
    /** Its key, below the place that {@code lease.url} names. */
    public static final String KEY = "ltxfs-cluster.json";

    /** Reads it; the first node of a cluster makes it. */
    public static ClusterIdentity open(ObjectStore store) throws IOException {
        throw new UnsupportedOperationException(store.describe(KEY));
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "cluster " + id;
    }
}
