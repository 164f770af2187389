package io.ltxfs.node.replication;

/**
 * One running node of the cluster.
 *
 * @param node its name, for people
 * @param process random, chosen at each start of the process; the holder's identity in the lease
 * @param advertise where its peers reach it, {@code host:port}
 */
public record Member(String node, String process, String advertise) {}
