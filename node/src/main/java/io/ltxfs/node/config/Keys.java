package io.ltxfs.node.config;

import io.ltxfs.ltx.PageCoding;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Every key, in the order in which they are shown. A default that depends on the machine or on another key is
 * written as a word in angle brackets; {@link ConfigLoader} fills it in.
 */
final class Keys {
    private static final Duration MILLI = Duration.ofMillis(1);
    private static final String FILE_OWNER = "write a user's name or number, or nothing";
    private static final String FILE_GROUP = "write a group's name or number, or nothing";

    static final ConfigKey<Path> MOUNT = ConfigKey.of("mount", ValueTypes.path(), "<mount>");
    static final ConfigKey<Path> DATA = ConfigKey.of("data", ValueTypes.path(), "<data>");
    static final ConfigKey<String> NODE_ID =
            ConfigKey.of("node.id", ValueTypes.text("write a name that no other node has"), "<hostname>");
    static final ConfigKey<Endpoint> NODE_ADVERTISE =
            ConfigKey.of("node.advertise", ValueTypes.endpoint(), "<advertise>");

    static final ConfigKey<StoreUrl> ARCHIVE_URL =
            ConfigKey.of("archive.url", ValueTypes.storeUrl("none"), "<data>/archive");
    static final ConfigKey<Duration> ARCHIVE_SYNC =
            ConfigKey.perDatabase("archive.sync", ValueTypes.duration(MILLI), "1s");
    static final ConfigKey<List<Duration>> ARCHIVE_LEVELS =
            ConfigKey.of("archive.levels", ValueTypes.levels(), "[30s, 5m, 1h]");
    static final ConfigKey<Duration> ARCHIVE_HISTORY =
            ConfigKey.perDatabase("archive.history", ValueTypes.duration(Duration.ZERO), "24h");
    static final ConfigKey<Duration> SNAPSHOTS_EVERY =
            ConfigKey.perDatabase("archive.snapshots.every", ValueTypes.duration(MILLI), "24h");
    static final ConfigKey<Duration> SNAPSHOTS_KEEP =
            ConfigKey.perDatabase("archive.snapshots.keep", ValueTypes.duration(MILLI), "<keep>");

    static final ConfigKey<PageCoding> PAGE_CODING =
            ConfigKey.of("archive.page-coding", ValueTypes.choice(PageCoding.class), "block");
    static final ConfigKey<WhenLogIsFull> LOG_FULL =
            ConfigKey.of("archive.log-full", ValueTypes.choice(WhenLogIsFull.class), "start-over");
    static final ConfigKey<Integer> UPLOADS = ConfigKey.of("archive.uploads", ValueTypes.count(1, 256), "8");

    static final ConfigKey<StoreUrl> LEASE_URL = ConfigKey.of("lease.url", ValueTypes.storeUrl("local"), "local");
    static final ConfigKey<Duration> LEASE_TTL =
            ConfigKey.of("lease.ttl", ValueTypes.duration(Duration.ofMillis(100)), "5s");

    static final ConfigKey<Durability> DURABILITY =
            ConfigKey.perDatabase("durability", ValueTypes.durability(), "local");
    static final ConfigKey<Duration> WAIT_MAX =
            ConfigKey.perDatabase("durability-wait.max", ValueTypes.duration(MILLI), "10s");
    static final ConfigKey<WhenWaitEnds> WAIT_THEN =
            ConfigKey.perDatabase("durability-wait.then", ValueTypes.choice(WhenWaitEnds.class), "wait");
    static final ConfigKey<CaptureMode> CAPTURE = ConfigKey.of("capture", ValueTypes.choice(CaptureMode.class), "auto");
    static final ConfigKey<Unjournaled> UNJOURNALED =
            ConfigKey.perDatabase("unjournaled", ValueTypes.choice(Unjournaled.class), "adopt");

    static final ConfigKey<Endpoint> REPLICATION_LISTEN =
            ConfigKey.of("replication.listen", ValueTypes.endpoint(), "127.0.0.1:20203");
    static final ConfigKey<Optional<Path>> TLS_CERT =
            ConfigKey.of("replication.tls.cert", ValueTypes.optionalPath(), "");
    static final ConfigKey<Optional<Path>> TLS_KEY = ConfigKey.of("replication.tls.key", ValueTypes.optionalPath(), "");
    static final ConfigKey<Optional<Path>> TLS_CA = ConfigKey.of("replication.tls.ca", ValueTypes.optionalPath(), "");
    static final ConfigKey<Boolean> REPLICATION_INSECURE =
            ConfigKey.of("replication.insecure", ValueTypes.bool(), "false");

    static final ConfigKey<Endpoint> HTTP_LISTEN =
            ConfigKey.of("http.listen", ValueTypes.endpoint(), "127.0.0.1:20202");
    static final ConfigKey<Long> LOG_MAX_BYTES = ConfigKey.of("log.max-bytes", ValueTypes.size(1 << 20), "1GiB");

    static final ConfigKey<Optional<String>> FILES_OWNER =
            ConfigKey.perDatabase("files.owner", ValueTypes.optionalText(FILE_OWNER), "");
    static final ConfigKey<Optional<String>> FILES_GROUP =
            ConfigKey.perDatabase("files.group", ValueTypes.optionalText(FILE_GROUP), "");
    static final ConfigKey<Optional<Integer>> FILES_MODE = ConfigKey.perDatabase("files.mode", ValueTypes.mode(), "");

    static final ConfigKey<TransportKind> TRANSPORT =
            ConfigKey.of("transport", ValueTypes.choice(TransportKind.class), "auto");
    static final ConfigKey<Boolean> ALLOW_OTHER = ConfigKey.of("allow-other", ValueTypes.bool(), "<allow-other>");
    static final ConfigKey<Duration> STOP_TIMEOUT = ConfigKey.of("stop-timeout", ValueTypes.duration(MILLI), "20s");
    static final ConfigKey<OnDaemonDeath> ON_DAEMON_DEATH =
            ConfigKey.of("on-daemon-death", ValueTypes.choice(OnDaemonDeath.class), "restart");
    static final ConfigKey<LogLevel> LOG_LEVEL = ConfigKey.of("log-level", ValueTypes.choice(LogLevel.class), "info");

    /** The key of the list of rules; it has a form of its own. */
    static final String DATABASES = "databases";

    /** Keys that only a rule of {@link #DATABASES} has. */
    static final ConfigKey<String> RULE_MATCH =
            ConfigKey.of("match", ValueTypes.text("write a pattern of database names, as in \"tenants/**\""), "<none>");

    static final ConfigKey<Optional<String>> RULE_ARCHIVE_PATH = ConfigKey.of("archive.path", ValueTypes.place(), "");

    static final List<ConfigKey<?>> ALL = List.of(
            MOUNT,
            DATA,
            NODE_ID,
            NODE_ADVERTISE,
            ARCHIVE_URL,
            ARCHIVE_SYNC,
            ARCHIVE_LEVELS,
            ARCHIVE_HISTORY,
            SNAPSHOTS_EVERY,
            SNAPSHOTS_KEEP,
            PAGE_CODING,
            LOG_FULL,
            UPLOADS,
            LEASE_URL,
            LEASE_TTL,
            DURABILITY,
            WAIT_MAX,
            WAIT_THEN,
            CAPTURE,
            UNJOURNALED,
            REPLICATION_LISTEN,
            TLS_CERT,
            TLS_KEY,
            TLS_CA,
            REPLICATION_INSECURE,
            HTTP_LISTEN,
            LOG_MAX_BYTES,
            FILES_OWNER,
            FILES_GROUP,
            FILES_MODE,
            TRANSPORT,
            ALLOW_OTHER,
            STOP_TIMEOUT,
            ON_DAEMON_DEATH,
            LOG_LEVEL);

    private Keys() {}
}
