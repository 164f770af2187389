package io.ltxfs.node.cluster;

import java.time.Duration;

/**
 * What a node's machine needs to know of its configuration.
 *
 * @param self this node
 * @param process random, chosen at the start of the process: the holder's identity in the lease
 * @param ttl the lease's
 * @param acks the smallest N of any database whose commits wait for replicas; 0 if none does
 * @param archive whether there is an archive
 * @param archiveWaits whether the commits of some database wait for the archive
 * @param handOverMax for how long applications' writers are held up by a hand-over before it is given up
 */
public record ClusterSettings(
        Peer self,
        String process,
        Duration ttl,
        int acks,
        boolean archive,
        boolean archiveWaits,
        Duration handOverMax) {}
