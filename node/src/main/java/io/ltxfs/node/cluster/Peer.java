package io.ltxfs.node.cluster;

/**
 * A node of the cluster.
 *
 * @param node its name
 * @param advertise where its peers reach it, {@code host:port}
 */
public record Peer(String node, String advertise) {}
