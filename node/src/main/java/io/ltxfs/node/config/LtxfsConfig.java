package io.ltxfs.node.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The whole configuration of a node, complete and checked. The keys of {@code ltxfs.yml} have the same names. */
public record LtxfsConfig(
        Path mount,
        Path data,
        Node node,
        Archive archive,
        Lease lease,
        Durability durability,
        DurabilityWait durabilityWait,
        CaptureMode capture,
        Unjournaled unjournaled,
        Replication replication,
        Endpoint httpListen,
        long logMaxBytes,
        Files files,
        List<DatabaseRule> databases,
        TransportKind transport,
        Duration stopTimeout,
        OnDaemonDeath onDaemonDeath,
        LogLevel logLevel) {

    /** This node's name, and where its peers reach it. */
    public record Node(String id, Endpoint advertise) {}

    /** Where the archive is and how it is kept. */
    public record Archive(
            StoreUrl url,
            Duration sync,
            List<Duration> levels,
            Duration history,
            Duration snapshotsEvery,
            Duration snapshotsKeep) {}

    /** Who may write: nowhere means that this node is the only one. */
    public record Lease(StoreUrl url, Duration ttl) {}

    /** How long a commit waits for its durability, and what becomes of it then. */
    public record DurabilityWait(Duration max, WhenWaitEnds then) {}

    /** The port for peers. */
    public record Replication(
            Endpoint listen, Optional<Path> cert, Optional<Path> key, Optional<Path> ca, boolean insecure) {}

    /** Owner, group and permission bits of databases on this node; empty ones are as on the primary. */
    public record Files(Optional<String> owner, Optional<String> group, Optional<Integer> mode) {}

    /** How writes without a journal are taken for a database. */
    public Unjournaled unjournaledFor(String database) {
        return databases.stream()
                .filter(rule -> rule.unjournaled().isPresent() && rule.matches(database))
                .findFirst()
                .flatMap(DatabaseRule::unjournaled)
                .orElse(unjournaled);
    }
}
