package io.ltxfs.node.config;

import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.ltx.PageCoding;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

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
        boolean allowOther,
        Duration stopTimeout,
        OnDaemonDeath onDaemonDeath,
        LogLevel logLevel) {

    /**
     * This node's name, and where its peers reach it.
     *
     * @param advertise its port is 0 if it is the one that {@code replication.listen} finds
     */
    public record Node(String id, Endpoint advertise) {}

    /**
     * Where the archive is and how it is kept.
     *
     * @param pageCoding how pages are written into it
     * @param logFull what happens when the log is full of transactions that the archive does not have
     * @param uploads how many objects are put at a time
     */
    public record Archive(
            StoreUrl url,
            Duration sync,
            List<Duration> levels,
            Duration history,
            Duration snapshotsEvery,
            Duration snapshotsKeep,
            PageCoding pageCoding,
            WhenLogIsFull logFull,
            int uploads) {}

    /** Who may write: nowhere means that this node is the only one. */
    public record Lease(StoreUrl url, Duration ttl) {}

    /** How long a commit waits for its durability, and what becomes of it then. */
    public record DurabilityWait(Duration max, WhenWaitEnds then) {}

    /** The port for peers. */
    public record Replication(
            Endpoint listen, Optional<Path> cert, Optional<Path> key, Optional<Path> ca, boolean insecure) {}

    /** Owner, group and permission bits of databases on this node; empty ones are as on the primary. */
    public record Files(Optional<String> owner, Optional<String> group, Optional<Integer> mode) {}

    /** Whether several nodes share a lease, of which this is one. */
    public boolean isCluster() {
        return !lease.url().isNone();
    }

    /** Where a commit of a database must have arrived. */
    public Durability durabilityFor(String database) {
        return setting(database, DatabaseRule::durability, durability);
    }

    /** Every durability that some database may have. */
    public Stream<Durability> durabilities() {
        return Stream.concat(Stream.of(durability), databases.stream().flatMap(rule -> rule.durability().stream()));
    }

    /** For how long a commit of a database waits for that, and what becomes of it then. */
    public DurabilityWait durabilityWaitFor(String database) {
        return new DurabilityWait(
                setting(database, DatabaseRule::waitMax, durabilityWait.max()),
                setting(database, DatabaseRule::waitThen, durabilityWait.then()));
    }

    /** Owner, group and mode of a database's files on this node. */
    public Files filesFor(String database) {
        return new Files(
                setting(database, rule -> rule.files().owner().map(Optional::of), files.owner()),
                setting(database, rule -> rule.files().group().map(Optional::of), files.group()),
                setting(database, rule -> rule.files().mode().map(Optional::of), files.mode()));
    }

    /** How writes without a journal are taken for a database. */
    public Unjournaled unjournaledFor(String database) {
        return setting(database, DatabaseRule::unjournaled, unjournaled);
    }

    /** How the archive of a database is kept. */
    public ArchiveOptions archiveFor(String database) {
        return new ArchiveOptions(
                setting(database, DatabaseRule::archiveSync, archive.sync()),
                archive.levels(),
                setting(database, DatabaseRule::archiveHistory, archive.history()),
                setting(database, DatabaseRule::snapshotsEvery, archive.snapshotsEvery()),
                setting(database, DatabaseRule::snapshotsKeep, archive.snapshotsKeep()));
    }

    /** Where a database lies in the archive, below {@code archive.url}. */
    public String archivePlaceOf(String database) {
        for (DatabaseRule rule : databases) {
            if (rule.archivePath().isPresent() && rule.matches(database)) {
                String path = rule.archivePath().get();
                return rule.isPattern() ? path + "/" + io.ltxfs.archive.Archive.placeOf(database) : path;
            }
        }
        return io.ltxfs.archive.Archive.placeOf(database);
    }

    /**
     * Which database has a place in the archive, the reverse of {@link #archivePlaceOf}.
     *
     * @param name what the place says by itself
     * @return empty if it is none of this configuration's
     */
    public Optional<String> databaseAtPlace(String place, String name) {
        for (DatabaseRule rule : databases) {
            if (rule.archivePath().isEmpty()) {
                continue;
            }
            String path = rule.archivePath().get();
            String inside = path + "/";
            Optional<String> candidate = rule.isPattern()
                    ? name.startsWith(inside) ? Optional.of(name.substring(inside.length())) : Optional.empty()
                    : place.equals(path) ? Optional.of(rule.match()) : Optional.empty();
            if (candidate.isPresent() && archivePlaceOf(candidate.get()).equals(place)) {
                return candidate;
            }
        }
        return archivePlaceOf(name).equals(place) ? Optional.of(name) : Optional.empty();
    }

    private <T> T setting(String database, Function<DatabaseRule, Optional<T>> of, T otherwise) {
        for (DatabaseRule rule : databases) {
            Optional<T> value = of.apply(rule);
            if (value.isPresent() && rule.matches(database)) {
                return value.get();
            }
        }
        return otherwise;
    }
}
