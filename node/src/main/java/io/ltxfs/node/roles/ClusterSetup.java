package io.ltxfs.node.roles;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.fusefs.replica.ReplicaMount;
import java.time.Duration;

/**
 * What a node's role works on, once its databases are open.
 *
 * @param replica takes SQLite's locks and applies
 * @param handOverMax for how long a hand-over may take
 */
public record ClusterSetup(DatabaseSet databases, ReplicaMount replica, ClusterArchive archive, Duration handOverMax) {}
