package io.ltxfs.node.replication;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What server and client need to know.
 *
 * @param self this node
 * @param identity the cluster's
 * @param tls certificates; empty for plain text
 * @param ttl the lease's: a peer that is silent for about that long is taken for dead
 * @param stage a directory for what has arrived in part, below the data directory; made if it is not there
 */
public record PeerSettings(Member self, ClusterIdentity identity, Optional<PeerTls> tls, Duration ttl, Path stage) {}
