package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.feed.LogFeed;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.TransactionLog;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes durable soon what no commit waits for, as long as replicas follow: only what is durable is given away (F5), so with
 * {@code synchronous=NORMAL} a replica would be as late as the background's flush.
 */
final class ReplicaFlush {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicaFlush.class);

    /** A commit that is to be durable syncs by itself meanwhile, without another thread. */
    private static final long GRACE_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    /** Between two flushes, so that a writer at full speed has most of the disk to itself. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private static final long PAUSE_AFTER_FAILURE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final TransactionLog log;
    private final LogFeed feed;
    private final Thread thread = new Thread(this::loop, "ltxfs-replica-flush");
    private volatile boolean idle;
    private volatile boolean stopping;

    ReplicaFlush(TransactionLog log, LogFeed feed) {
        this.log = log;
        this.feed = feed;
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** There may be something to flush. Returns at once. */
    void committed() {
        if (idle) {
            idle = false;
            LockSupport.unpark(thread);
        }
    }

    void stop() {
        stopping = true;
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        boolean failing = false;
        while (!stopping) {
            awaitCommit();
            LockSupport.parkNanos(GRACE_NANOS);
            if (!isWanted()) {
                continue;
            }
            try {
                log.flushAndWait(log.lastLsn());
                failing = false;
                LockSupport.parkNanos(PAUSE_NANOS);
            } catch (DiskException e) {
                if (!failing) {
                    LOG.warn("could not flush the log for replicas, tries again: error=\"{}\"", e.getMessage());
                }
                failing = true;
                LockSupport.parkNanos(PAUSE_AFTER_FAILURE_NANOS);
            } catch (RuntimeException | Error e) {
                LOG.error("failed to flush the log for replicas, tries again", e);
                LockSupport.parkNanos(PAUSE_AFTER_FAILURE_NANOS);
            }
        }
    }

    private void awaitCommit() {
        idle = true;
        while (idle && !stopping) {
            if (isWanted()) {
                idle = false;
            } else {
                LockSupport.park(this);
            }
        }
    }

    private boolean isWanted() {
        return feed.isFollowed(TransactionFeed.Kind.REPLICA) && log.durableLsn() < log.lastLsn();
    }
}
