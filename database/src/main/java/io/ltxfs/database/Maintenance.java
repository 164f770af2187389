package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.feed.LogFeed;
import io.ltxfs.database.feed.TransactionFeed.Kind;
import io.ltxfs.database.log.TransactionLog;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The background work of a node's databases, on one thread: flush what {@code synchronous=NORMAL} left unsynced, look
 * after databases that are written without a journal, move watermarks, trim the log, try again what failed.
 */
final class Maintenance {
    private static final Logger LOG = LoggerFactory.getLogger(Maintenance.class);
    private static final long TICK_MILLIS = 20;
    private static final long FLUSH_MILLIS = 100;
    private static final long RETRY_MILLIS = 1_000;
    private static final long WATERMARK_MILLIS = 30_000;
    private static final long TRIM_MILLIS = 1_000;
    private static final long WATERMARK_BYTES_MAX = 256L << 20;
    /** After the start followers have this long to come, before what nobody asks for is trimmed. */
    private static final long FOLLOW_MILLIS = 60_000;

    private final DatabaseSet set;
    private final TransactionLog log;
    private final LogFeed feed;
    private final Backlog backlog;
    private final Watched<Database> watched = new Watched<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition stopped = lock.newCondition();
    private volatile boolean retry;
    private boolean stopping;
    private boolean failing;
    private boolean trimFailing;
    private @Nullable Thread thread;
    private long bytesAtWatermark;
    /** By how much the log may grow until files are synced and it is trimmed. */
    private final long watermarkBytes;

    Maintenance(DatabaseSet set, TransactionLog log, LogFeed feed, Backlog backlog, long logBytesMax) {
        this.set = set;
        this.log = log;
        this.feed = feed;
        this.backlog = backlog;
        this.watermarkBytes = Math.min(WATERMARK_BYTES_MAX, logBytesMax);
    }

    void start() {
        Thread started = new Thread(this::loop, "ltxfs-maintenance");
        started.setDaemon(true);
        thread = started;
        started.start();
    }

    void stop() {
        Thread running = thread;
        if (running == null) {
            return;
        }
        lock.lock();
        try {
            stopping = true;
            stopped.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            running.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        thread = null;
    }

    void watch(Database database) {
        watched.add(database);
    }

    void retrySoon() {
        retry = true;
    }

    /** Everything once. */
    void round() {
        poll();
        flush();
        retry();
        watermarks();
        trim();
        backlog.look();
    }

    private void loop() {
        long started = System.nanoTime();
        long flushed = started;
        long retried = flushed;
        long marked = flushed;
        long trimmed = flushed;
        while (pause()) {
            try {
                poll();
                long now = System.nanoTime();
                if (millis(now - flushed) >= FLUSH_MILLIS) {
                    flush();
                    flushed = now;
                }
                if (retry && millis(now - retried) >= RETRY_MILLIS) {
                    retry();
                    retried = now;
                }
                boolean full = log.bytes() > log.maxBytes() && millis(now - trimmed) >= TRIM_MILLIS;
                if (millis(now - marked) >= WATERMARK_MILLIS || log.bytes() - bytesAtWatermark > watermarkBytes) {
                    watermarks();
                    bytesAtWatermark = log.bytes();
                    marked = now;
                    full = true;
                }
                if (full && (feed.isFollowed() || millis(now - started) >= FOLLOW_MILLIS)) {
                    trim();
                    trimmed = now;
                }
                backlog.look();
            } catch (RuntimeException | Error e) {
                // No memory, say: without this thread nothing would be flushed or trimmed any more.
                LOG.error("failed a round of background work", e);
            }
        }
    }

    private boolean pause() {
        lock.lock();
        try {
            if (!stopping) {
                stopped.await(TICK_MILLIS, TimeUnit.MILLISECONDS);
            }
            return !stopping;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    private void poll() {
        watched.look(Database::pollUnjournaled);
    }

    private void flush() {
        if (log.durableLsn() < log.lastLsn()) {
            log.flush(log.lastLsn(), failure -> told("flush the log", failure));
        }
    }

    private void retry() {
        retry = false;
        for (Database database : set.all()) {
            database.maintain();
        }
    }

    private void watermarks() {
        DiskException failure = null;
        for (Database database : set.all()) {
            try {
                if (database.wantsWatermark()) {
                    database.moveWatermark();
                }
            } catch (DiskException e) {
                failure = e;
            }
        }
        told("move watermarks", failure);
    }

    private void trim() {
        // In the order in which a record changes hands: appended, open or waiting in an inbox, known to its database.
        long keep = log.durableLsn();
        keep = Math.min(keep, log.firstUnsettledLsn());
        keep = Math.min(keep, set.arrivals().keepFromLsn());
        for (Database database : set.all()) {
            long watermark = database.watermark();
            keep = watermark == Long.MAX_VALUE ? keep : Math.min(keep, watermark + 1);
        }
        try {
            log.trim(Math.min(keep, feed.keepFromLsn()));
            long without = backlog.startsOver() ? keep : Math.min(keep, feed.keepFromLsn(Kind.ARCHIVE));
            if (log.bytes() > log.maxBytes() && feed.keepFromLsn() < without) {
                log.trim(without);
                feed.trimmed();
            }
            trimFailing = false;
        } catch (DiskException e) {
            if (!trimFailing) {
                LOG.warn("could not trim the log, tries again: error=\"{}\"", e.getMessage());
            }
            trimFailing = true;
        }
        bytesAtWatermark = Math.min(bytesAtWatermark, log.bytes());
    }

    private void told(String what, @Nullable DiskException failure) {
        if (failure != null && !failing) {
            LOG.warn("could not {}, tries again: error=\"{}\"", what, failure.getMessage());
        } else if (failure == null && failing) {
            LOG.info("background work succeeds again");
        }
        failing = failure != null;
    }

    private static long millis(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos);
    }
}
