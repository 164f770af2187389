package io.ltxfs.node.daemon;

import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those who wait until a database shows a transaction to its readers on this node. Holds no thread for each of them: one
 * thread looks every few milliseconds while somebody waits, and at once when it is {@link #moved told}.
 */
final class PositionWaits implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PositionWaits.class);

    /** How many may wait at a time. */
    static final int WAITS_MAX = 4096;

    private static final long LOOK_MILLIS = 5;

    private record Wait(String database, long txid, long deadline, CompletableFuture<Boolean> done) {}

    private final ToLongFunction<String> applied;
    private final ConcurrentLinkedQueue<Wait> waits = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();
    /** Whether a look is due; the thread's own. */
    private boolean looking;

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread looking = new Thread(task, "position-waits");
        looking.setDaemon(true);
        return looking;
    });

    /** @param applied the TXID (unsigned) that a database shows; 0 if there is no such database */
    PositionWaits(ToLongFunction<String> applied) {
        this.applied = applied;
    }

    /**
     * Waits for a database to show a TXID or a later one.
     *
     * @return done with whether it does, when it does or at the timeout; null if too many wait already
     */
    @org.jspecify.annotations.Nullable
    CompletableFuture<Boolean> await(String database, long txid, Duration timeout) {
        if (isReached(database, txid)) {
            return CompletableFuture.completedFuture(true);
        }
        if (count.get() >= WAITS_MAX) {
            return null;
        }
        Wait wait = new Wait(database, txid, System.nanoTime() + timeout.toNanos(), new CompletableFuture<>());
        waits.add(wait);
        count.getAndIncrement();
        thread.execute(this::keepLooking);
        return wait.done();
    }

    /** Some database may have moved on. For any thread; returns at once. */
    void moved() {
        if (count.get() > 0) {
            thread.execute(this::check);
        }
    }

    private boolean isReached(String database, long txid) {
        return Long.compareUnsigned(applied.applyAsLong(database), txid) >= 0;
    }

    private void keepLooking() {
        if (!looking && count.get() > 0) {
            looking = true;
            thread.schedule(
                    () -> {
                        looking = false;
                        check();
                        keepLooking();
                    },
                    LOOK_MILLIS,
                    TimeUnit.MILLISECONDS);
        }
    }

    private void check() {
        long now = System.nanoTime();
        for (Iterator<Wait> each = waits.iterator(); each.hasNext(); ) {
            Wait wait = each.next();
            boolean reached = false;
            try {
                reached = isReached(wait.database(), wait.txid());
            } catch (RuntimeException e) {
                LOG.warn("could not look at a position database={} error={}", wait.database(), e.toString());
            }
            if (reached || now - wait.deadline() >= 0) {
                each.remove();
                count.decrementAndGet();
                wait.done().complete(reached);
            }
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        waits.forEach(wait -> wait.done().complete(false));
    }
}
