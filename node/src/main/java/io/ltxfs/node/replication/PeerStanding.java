package io.ltxfs.node.replication;

import io.ltxfs.node.cluster.Standing;

/**
 * What a peer answered.
 *
 * @param member who it is
 * @param standing what it has
 * @param primary whether it accepts commits
 */
public record PeerStanding(Member member, Standing standing, boolean primary) {}
