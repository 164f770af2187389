package io.ltxfs.archive.compact;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.upload.Encoder;
import io.ltxfs.archive.upload.LeaseTerm;
import io.ltxfs.archive.upload.Placement;
import io.ltxfs.archive.upload.Spool;
import io.ltxfs.archive.upload.UploadListener;
import io.ltxfs.database.feed.TransactionFeed;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compacts and prunes the archives of a node's databases in the background, a few at a time. A database is looked at when
 * something of it was uploaded, or when something of it becomes old; else it is an entry in a map, and not even that after
 * a restart.
 */
public final class Compactions implements UploadListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Compactions.class);

    /** Below the data directory. */
    public static final String DIRECTORY = "archive-compaction";

    private static final int THREADS = 2;
    private static final long STOP_SECONDS = 10;
    private static final long PAUSE_MIN_MILLIS = 1000;
    private static final long PAUSE_MAX_MILLIS = Duration.ofMinutes(5).toMillis();

    private final Archive archive;
    private final CompactionSettings settings;
    private final CompactionTools tools;
    private final Encoder encoder;
    private final Agenda agenda;
    private final ScheduledThreadPoolExecutor threads;
    private final Map<String, DatabaseTask> tasks = new ConcurrentHashMap<>();
    private final AtomicLong made = new AtomicLong();
    private final AtomicLong deleted = new AtomicLong();
    private volatile boolean stopping;

    private Compactions(Archive archive, TransactionFeed feed, CompactionSettings settings) throws IOException {
        Path directory = settings.dataDirectory().resolve(DIRECTORY);
        this.archive = archive;
        this.settings = settings;
        this.tools = new CompactionTools(new Spool(directory), settings.coding(), settings.clock(), new Verified());
        this.encoder = new Encoder(feed, settings.coding());
        this.agenda = new Agenda(directory.resolve("agenda"));
        AtomicInteger number = new AtomicInteger();
        this.threads = new ScheduledThreadPoolExecutor(THREADS, task -> {
            Thread thread = new Thread(task, "archive-compact-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        threads.setRemoveOnCancelPolicy(true);
        threads.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /**
     * Starts. Makes no request now.
     *
     * @throws IOException if the data directory cannot be used
     */
    public static Compactions start(Archive archive, TransactionFeed feed, CompactionSettings settings)
            throws IOException {
        Compactions compactions = new Compactions(archive, feed, settings);
        long now = settings.clock().millis();
        for (Map.Entry<String, Long> entry : compactions.agenda.all().entrySet()) {
            DatabaseTask task = compactions.task(entry.getKey());
            // What was due while the node was stopped waits for its turn, so that not all come at once.
            task.schedule(entry.getValue() > now ? entry.getValue() : task.turn(now));
        }
        return compactions;
    }

    private DatabaseTask task(String database) {
        return tasks.computeIfAbsent(database, name -> {
            Placement placement = settings.placement().apply(name);
            return new DatabaseTask(this, name, archive.database(name, placement.place()), placement.options());
        });
    }

    @Override
    public void uploaded(Uploaded uploaded) {
        if (!stopping) {
            task(uploaded.database().name()).uploaded(uploaded);
        }
    }

    /** What is wrong with the archive of a database, one line each. */
    public List<String> warnings(String database) {
        DatabaseTask task = tasks.get(database);
        return task == null ? List.of() : task.warnings();
    }

    /** How many objects were made, levels, snapshots and bundles. */
    public long made() {
        return made.get();
    }

    /** How many objects were deleted. */
    public long deleted() {
        return deleted.get();
    }

    /** Stops. What was under way goes on after the next start. */
    @Override
    public void close() {
        stopping = true;
        threads.shutdownNow();
        try {
            if (!threads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("compaction did not stop within {} s", STOP_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- for DatabaseTask

    CompactionTools tools() {
        return tools;
    }

    Encoder encoder() {
        return encoder;
    }

    Agenda agenda() {
        return agenda;
    }

    long nowMillis() {
        return settings.clock().millis();
    }

    boolean isStopping() {
        return stopping;
    }

    /** Whether this node may write to the archive. */
    boolean mayWrite() {
        return settings.term().now() != LeaseTerm.NOT_HELD;
    }

    Optional<String> noRoom() {
        return settings.room().flatMap(FreeSpace::warning);
    }

    DatabaseCompaction compaction(DatabaseArchive database, ArchiveOptions options) {
        return new DatabaseCompaction(database, options, tools, settings.term()::now);
    }

    ScheduledFuture<?> at(long millis, Runnable task) {
        return threads.schedule(task, Math.max(0, millis - nowMillis()), TimeUnit.MILLISECONDS);
    }

    /** How long to wait after some failures in a row, in milliseconds. */
    static long pause(int failures) {
        return Math.min(PAUSE_MAX_MILLIS, PAUSE_MIN_MILLIS << Math.min(failures, 20));
    }

    void count(CompactionReport report) {
        made.addAndGet(report.made().size());
        deleted.addAndGet(report.deleted().size());
        if (LOG.isDebugEnabled()
                && !(report.made().isEmpty() && report.deleted().isEmpty())) {
            LOG.debug(
                    "compacted: database={} made={} deleted={} next={}",
                    report.database(),
                    report.made().size(),
                    report.deleted().size(),
                    report.nextAt().map(Instant::toString).orElse("never"));
        }
    }
}
