package io.ltxfs.database.log;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shares syncs among the commits that wait for one at the same time.
 *
 * <p>One sync runs at a time. Who comes while none runs does it himself, which saves two thread switches for the lone
 * writer; who comes while one runs waits for the next, since the running one may have begun before his record was
 * written. A leader does one sync and then hands over to the flusher thread, so that no commit pays for the others'
 * syncs. Callbacks run without a lock.
 *
 * <p>A callback may wait for a database's lock, and who waits in {@link #flushAndWait} may hold one. So the latter waits
 * for a sync that runs, and for nothing else: he never waits for callbacks, runs none, and does the next sync himself.
 */
final class GroupCommit implements AutoCloseable {

    /** Makes what was appended durable. */
    @FunctionalInterface
    interface Syncer {
        /** @return the LSN up to which the log is durable */
        long sync() throws DiskException;
    }

    private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);

    private record Waiter(long lsn, FlushCallback callback) {}

    private record Told(Waiter waiter, @Nullable DiskException failure) {}

    private final Syncer syncer;
    private final boolean leader;
    private final @Nullable Thread flusher;
    private final Object lock = new Object();

    // All guarded by lock.
    private final Queue<Waiter> waiters = new ArrayDeque<>();
    private final Queue<Told> left = new ArrayDeque<>();
    private boolean running;
    private boolean closed;
    /** The flusher thread has ended: everybody does his own sync, and that of those who come meanwhile. */
    private boolean ended;

    private volatile long durable;
    private volatile Runnable progress = () -> {};

    GroupCommit(Syncer syncer, LogOptions options) {
        this.syncer = syncer;
        this.leader = options.flushLeader();
        if (options.threads()) {
            flusher = new Thread(this::serve, "ltxfs-log-flush");
            flusher.setDaemon(true);
        } else {
            flusher = null;
        }
    }

    /** Begins with a log that is durable up to an LSN. */
    void start(long durableLsn) {
        durable = durableLsn;
        if (flusher != null) {
            flusher.start();
        }
    }

    long durable() {
        return durable;
    }

    /** Runs a task whenever more of the log is durable; it must return at once. */
    void onProgress(Runnable task) {
        progress = task;
    }

    /** Told by whoever made the log durable. */
    void advance(long lsn) {
        synchronized (lock) {
            durable = Math.max(durable, lsn);
        }
        tellProgress();
    }

    /** Whoever is told of syncs has no part in them: what fails there fails no commit. */
    private void tellProgress() {
        try {
            progress.run();
        } catch (RuntimeException | VirtualMachineError e) {
            LOG.error("a task that follows the log failed", e);
        }
    }

    void flush(long lsn, FlushCallback callback) {
        if (lsn <= durable) {
            callback.flushed(null);
            return;
        }
        synchronized (lock) {
            waiters.add(new Waiter(lsn, callback));
            if (flusher != null) {
                if (running) {
                    return;
                }
                if (!leader && !closed) {
                    lock.notifyAll();
                    return;
                }
            }
            running = true;
        }
        round();
    }

    /** Makes the log durable up to an LSN in this thread, which may hold a database's lock. */
    void flushAndWait(long lsn) throws DiskException {
        boolean interrupted = false;
        try {
            while (true) {
                synchronized (lock) {
                    while (lsn > durable && running) {
                        try {
                            lock.wait();
                        } catch (InterruptedException e) {
                            // A commit whose outcome is not waited for would be of unknown outcome.
                            interrupted = true;
                        }
                    }
                    if (lsn <= durable) {
                        return;
                    }
                    running = true;
                }
                List<Told> served = new ArrayList<>();
                DiskException failure = sync(served, flusher != null);
                served.forEach(GroupCommit::tell);
                goOnWithoutFlusher();
                if (failure != null && lsn > durable) {
                    throw failure;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void serve() {
        while (true) {
            List<Told> told = new ArrayList<>();
            synchronized (lock) {
                while (left.isEmpty() && (running || waiters.isEmpty())) {
                    if (closed && waiters.isEmpty() && !running) {
                        ended = true;
                        return;
                    }
                    try {
                        lock.wait();
                    } catch (InterruptedException e) {
                        // Only close ends this thread; commits wait for it.
                        continue;
                    }
                }
                told.addAll(left);
                left.clear();
                if (told.isEmpty()) {
                    running = true;
                }
            }
            if (told.isEmpty()) {
                round();
            } else {
                told.forEach(GroupCommit::tell);
            }
        }
    }

    private void round() {
        List<Told> served = new ArrayList<>();
        sync(served, false);
        served.forEach(GroupCommit::tell);
        goOnWithoutFlusher();
    }

    private void goOnWithoutFlusher() {
        synchronized (lock) {
            if (!ended || running || waiters.isEmpty()) {
                return;
            }
            running = true;
        }
        round();
    }

    /**
     * One sync, by whoever has set {@link #running}.
     *
     * @param served gets those whom it served, to be told
     * @param handOver whether the flusher thread tells them, as long as there is one
     */
    private @Nullable DiskException sync(List<Told> served, boolean handOver) {
        DiskException failure = null;
        long covered = 0;
        try {
            covered = syncer.sync();
        } catch (DiskException e) {
            failure = e;
        } catch (RuntimeException | VirtualMachineError e) {
            // No memory, say. All who wait for this sync, and all later ones, would wait for ever.
            failure = new DiskException(Errno.EIO, "syncing the log failed: " + e);
            LOG.error("log sync failed unexpectedly", e);
        }
        synchronized (lock) {
            durable = Math.max(durable, covered);
            running = false;
            Collection<Told> told = handOver && !ended ? left : served;
            for (Iterator<Waiter> each = waiters.iterator(); each.hasNext(); ) {
                Waiter waiter = each.next();
                if (failure != null || waiter.lsn <= durable) {
                    // Another thread may have saved the tail after the sync failed.
                    told.add(new Told(waiter, waiter.lsn <= durable ? null : failure));
                    each.remove();
                }
            }
            lock.notifyAll();
        }
        if (failure == null) {
            tellProgress();
        }
        return failure;
    }

    private static void tell(Told told) {
        try {
            told.waiter.callback.flushed(told.failure);
        } catch (RuntimeException | VirtualMachineError e) {
            // The others are to be told all the same.
            LOG.error("a commit's continuation failed lsn={}", told.waiter.lsn, e);
        }
    }

    /** Ends the flusher thread when nobody waits any more. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
        if (flusher != null && flusher != Thread.currentThread()) {
            boolean interrupted = false;
            while (flusher.isAlive()) {
                try {
                    flusher.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
