package io.ltxfs.node.roles;

import io.ltxfs.database.Completion;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.fusefs.CommitWaiting;
import io.ltxfs.node.config.Durability;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.config.WhenWaitEnds;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the commits of a node that is alone wait for: the archive. Holds no thread for a commit. For all threads. */
public final class ArchiveWaits implements CommitWaiting, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ArchiveWaits.class);

    /** Told when the archive has a transaction. */
    @FunctionalInterface
    public interface Archived {
        /** Tells, once, when the archive has a transaction of a database. */
        void whenArchived(String database, long txid, Runnable then);
    }

    private final LtxfsConfig config;
    private final Archived archived;
    private final boolean anyWaits;
    private final Map<String, Boolean> waits = new ConcurrentHashMap<>();

    /** Databases whose commits returned without the archive, since it last had one of theirs. */
    private final Set<String> degraded = new ConcurrentSkipListSet<>();

    private final ScheduledExecutorService timer;

    /** @param archived the node's archive */
    public ArchiveWaits(LtxfsConfig config, Archived archived) {
        this.config = config;
        this.archived = archived;
        this.anyWaits = config.durabilities().anyMatch(Durability.Archive.class::isInstance);
        ScheduledThreadPoolExecutor one = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "archive-waits");
            thread.setDaemon(true);
            return thread;
        });
        one.setRemoveOnCancelPolicy(true);
        this.timer = one;
    }

    @Override
    public boolean waits(String database) {
        return anyWaits
                && waits.computeIfAbsent(database, name -> config.durabilityFor(name) instanceof Durability.Archive);
    }

    @Override
    public void await(TransactionHeader header, Completion completion) {
        String database = header.database();
        LtxfsConfig.DurabilityWait bound = config.durabilityWaitFor(database);
        AtomicBoolean answered = new AtomicBoolean();
        archived.whenArchived(database, header.txid(), () -> {
            boolean first = answered.compareAndSet(false, true);
            noLongerDegraded(database);
            if (first) {
                answer(completion, Errno.OK);
            }
        });
        if (bound.then() == WhenWaitEnds.WAIT) {
            return;
        }
        boolean degrades = bound.then() == WhenWaitEnds.DEGRADE;
        if (degrades && degraded.contains(database)) {
            if (answered.compareAndSet(false, true)) {
                answer(completion, Errno.OK);
            }
            return;
        }
        later(bound, () -> {
            if (isUnanswered(answered, database, degrades)) {
                answer(completion, degrades ? Errno.OK : Errno.EIO);
            }
        });
    }

    /** What the archive says of a transaction it says before this, or after: never in between. */
    private synchronized boolean isUnanswered(AtomicBoolean answered, String database, boolean degrades) {
        if (!answered.compareAndSet(false, true)) {
            return false;
        }
        if (degrades && degraded.add(database)) {
            LOG.warn("commits return without the archive until it is back database={}", database);
        }
        return true;
    }

    private synchronized void noLongerDegraded(String database) {
        if (degraded.remove(database)) {
            LOG.info("commits wait for the archive again database={}", database);
        }
    }

    private void later(LtxfsConfig.DurabilityWait bound, Runnable task) {
        try {
            timer.schedule(task, bound.max().toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }

    /** Whoever waits goes on in here, and may do much: on the timer's thread, not on one of the archive. */
    private void answer(Completion completion, int errno) {
        try {
            timer.execute(() -> completion.done(errno));
        } catch (RejectedExecutionException e) {
            completion.done(errno);
        }
    }

    /** What is wrong and what to do, one line each. */
    public List<String> warnings() {
        return new TreeSet<>(degraded)
                .stream()
                        .map(database -> database
                                + ": commits return without the archive, that durability asks for; bring it back")
                        .toList();
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
