package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.upload.UploadListener.Uploaded;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The compaction of one database in a running node: when its turn is, and what is done then. Its lock owns the schedule;
 * a run has the rest to itself.
 */
final class DatabaseTask {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseTask.class);

    private final Compactions owner;
    private final String name;
    private final ArchiveOptions options;
    private final Phase phase;
    private final LogRange log = new LogRange();

    // ---- owned by the lock

    private @Nullable ScheduledFuture<?> future;
    private long dueMillis;
    private boolean running;
    private boolean isNew;
    private boolean onAgenda;
    private List<String> warnings = List.of();

    // ---- the run's

    private final DatabaseCompaction compaction;
    private final long[] ranMillis;
    private int failures;

    DatabaseTask(Compactions owner, String name, DatabaseArchive database, ArchiveOptions options) {
        this.owner = owner;
        this.name = name;
        this.options = options;
        this.phase = new Phase(name);
        this.compaction = owner.compaction(database, options);
        this.ranMillis = new long[options.levels().size() + 1];
    }

    /** The next turn of level 1. */
    long turn(long millis) {
        return options.levels().isEmpty()
                ? millis + options.snapshotsEvery().toMillis()
                : phase.next(millis, options.levels().get(0));
    }

    synchronized List<String> warnings() {
        return warnings;
    }

    void uploaded(Uploaded uploaded) {
        log.add(uploaded);
        // A reader that follows level 1 must find the first object there as soon as there is one at all.
        long now = owner.nowMillis();
        long due = uploaded.minTxid() == 1 ? now : turn(now);
        synchronized (this) {
            isNew = true;
            if (!onAgenda) {
                remember(due);
            }
        }
        schedule(due);
    }

    /** Sees to it that there is a run at a moment, or before. */
    synchronized void schedule(long millis) {
        if (running || owner.isStopping()) {
            dueMillis = earlier(dueMillis, millis);
            return;
        }
        if (future != null) {
            if (dueMillis <= millis) {
                return;
            }
            future.cancel(false);
        }
        dueMillis = millis;
        try {
            future = owner.at(millis, this::run);
        } catch (RejectedExecutionException e) {
            LOG.debug("compaction has stopped: database={}", name);
        }
    }

    private void run() {
        boolean fresh;
        synchronized (this) {
            if (running) {
                // The run before was beginning when another one was asked for, and could not be put off any more.
                dueMillis = earlier(dueMillis, owner.nowMillis());
                return;
            }
            future = null;
            dueMillis = 0;
            running = true;
            fresh = isNew;
            isNew = false;
        }
        long next = 0;
        try {
            next = runOnce(fresh);
            failures = 0;
        } catch (IOException | RuntimeException | Error e) { // the root of the thread's work
            next = failed(e);
        } finally {
            ended(next);
        }
    }

    private void ended(long next) {
        long due;
        synchronized (this) {
            running = false;
            // After a failure the pause counts, whatever has come meanwhile.
            due = isNew && failures == 0 ? earlier(next, turn(owner.nowMillis())) : next;
            due = earlier(due, dueMillis);
            dueMillis = 0;
        }
        if (due != 0 && !owner.isStopping()) {
            schedule(due);
        }
    }

    /** The earlier of two moments, of which 0 is none. */
    private static long earlier(long a, long b) {
        return a == 0 ? b : b == 0 ? a : Math.min(a, b);
    }

    private long failed(Throwable e) {
        if (owner.isStopping()) {
            return 0;
        }
        if (failures++ == 0) {
            LOG.warn("compaction failed, and is tried again: database={} reason=\"{}\"", name, e.getMessage());
            LOG.debug("compaction failed", e);
        }
        synchronized (this) {
            isNew = true;
            warnings = List.of("its archive could not be compacted: " + e.getMessage() + "; it is tried again");
        }
        return owner.nowMillis() + Compactions.pause(failures);
    }

    /**
     * Runs.
     *
     * @param fresh whether something was uploaded since the last run
     * @return when the next run is to be; 0 if there is nothing to do any more
     */
    private long runOnce(boolean fresh) throws IOException {
        long now = owner.nowMillis();
        if (!owner.mayWrite()) {
            return turn(now);
        }
        int levels = levelsPassed(now);
        boolean whole = !compaction.isKnown() || levels == options.levels().size() || !fresh && levels <= 1;
        Set<String> found = new LinkedHashSet<>();
        owner.noRoom().ifPresent(found::add);
        CompactionReport report;
        if (!found.isEmpty()) {
            report = compaction.runRetention();
        } else {
            report = compaction.runLevels(whole ? 1 : Math.max(1, levels), log, owner.encoder());
            if (whole) {
                owner.count(report);
                found.addAll(report.warnings());
                report = compaction.run();
            }
        }
        owner.count(report);
        found.addAll(report.warnings());
        told(List.copyOf(found));
        for (int level = 1; level <= (whole ? options.levels().size() : levels); level++) {
            ranMillis[level] = now;
        }
        return next(report, whole, now);
    }

    private synchronized void told(List<String> found) {
        found.stream()
                .filter(warning -> !warnings.contains(warning))
                .forEach(warning -> LOG.warn("archive: database={} warning=\"{}\"", name, warning));
        if (failures > 0) {
            LOG.info("compacted again: database={} failures={}", name, failures);
        }
        warnings = found;
    }

    /** The highest level whose turn came since its last run, below which all levels' turns came. */
    private int levelsPassed(long now) {
        int levels = 0;
        while (levels < options.levels().size()
                && phase.isPassed(ranMillis[levels + 1], now, options.levels().get(levels))) {
            levels++;
        }
        return levels;
    }

    private long next(CompactionReport report, boolean whole, long now) throws IOException {
        if (!whole) {
            // The higher levels' turn, and then the whole archive's, which says when something becomes old.
            Duration interval = options.levels()
                    .get(Math.min(options.levels().size(), report.made().isEmpty() ? 3 : 2) - 1);
            long next = phase.next(now, interval);
            remember(next);
            return next;
        }
        if (report.nextAt().isEmpty()) {
            forget();
            return 0;
        }
        Instant at = report.nextAt().get();
        long next = turn(Math.max(now, at.toEpochMilli() - 1));
        remember(next);
        return next;
    }

    private synchronized void remember(long next) {
        try {
            owner.agenda().put(name, isNew ? Math.min(next, turn(owner.nowMillis())) : next);
            onAgenda = true;
        } catch (IOException e) {
            LOG.warn("could not note what is to be compacted: database={} reason=\"{}\"", name, e.getMessage());
        }
    }

    private synchronized void forget() throws IOException {
        if (!isNew) {
            owner.agenda().remove(name);
            onAgenda = false;
        }
    }
}
