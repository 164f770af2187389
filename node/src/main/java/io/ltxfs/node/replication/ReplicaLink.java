package io.ltxfs.node.replication;

import io.ltxfs.node.cluster.Standing.Place;
import java.util.Map;

/** The primary's end of a replica's stream. For use by all threads. */
public interface ReplicaLink {

    /** The replica. */
    Member replica();

    /** The stream's epoch; 0 before it was admitted. */
    long epoch();

    /** What was sent last of each database, for status. */
    Map<String, Place> sent();

    /** Ends it; the replica is told why, and what this node has promised and knows as the primary. */
    void close(String why);
}
