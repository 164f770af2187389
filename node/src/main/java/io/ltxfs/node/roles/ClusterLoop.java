package io.ltxfs.node.roles;

import io.ltxfs.lease.Lease;
import io.ltxfs.node.cluster.Action;
import io.ltxfs.node.cluster.ClusterMachine;
import io.ltxfs.node.cluster.ClusterStatus;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.cluster.Peer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that owns a {@link ClusterMachine}: tells it one event after the other, and has its actions carried out. */
final class ClusterLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterLoop.class);

    /** How many events may wait; whoever has more to tell waits. */
    private static final int EVENTS_MAX = 16_384;

    /** What others see of the machine is at most this old. */
    private static final long SHOW_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final long CLOSE_MILLIS = 2000;
    /** When there is the next tick after one that failed. */
    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** What the machine showed at a moment. */
    record Shown(ClusterStatus status, List<Peer> members) {}

    private final ClusterMachine machine;
    private final Supplier<Lease.Status> lease;
    private final LongSupplier clock;
    private final Consumer<Action> actions;
    private final Runnable onTick;
    private final BlockingQueue<Event> events = new ArrayBlockingQueue<>(EVENTS_MAX);

    /** Events of the thread itself: it cannot wait for room. */
    private final Deque<Event> own = new ArrayDeque<>();

    private final AtomicBoolean leaseChanged = new AtomicBoolean();
    private final Thread thread = new Thread(this::run, "cluster");
    private volatile boolean closing;
    private volatile Shown shown;
    private long shownAt;

    /**
     * Shows what the machine shows; begins with {@link #start}.
     *
     * @param actions carries one out; must not wait
     * @param onTick called besides each tick
     */
    ClusterLoop(
            ClusterMachine machine,
            Supplier<Lease.Status> lease,
            LongSupplier clock,
            Consumer<Action> actions,
            Runnable onTick) {
        this.machine = machine;
        this.lease = lease;
        this.clock = clock;
        this.actions = actions;
        this.onTick = onTick;
        this.shown = look();
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** What the machine showed last. */
    Shown shown() {
        return shown;
    }

    /** Tells an event. For any thread; waits while too many wait. */
    void tell(Event event) {
        if (Thread.currentThread() == thread) {
            own.add(event);
            return;
        }
        try {
            while (!closing && !events.offer(event, 100, TimeUnit.MILLISECONDS)) {
                // there is no room yet
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The lease has changed. For any thread; returns at once. */
    void leaseChanged() {
        if (leaseChanged.compareAndSet(false, true)) {
            events.offer(new Event.Tick()); // wakes the thread; a full queue does so anyway
        }
    }

    private void run() {
        long nextTick = clock.getAsLong();
        while (!closing) {
            try {
                Event event = next(nextTick - clock.getAsLong());
                if (leaseChanged.getAndSet(false)) {
                    handle(new Event.LeaseIs(lease.get()));
                }
                if (event != null && !(event instanceof Event.Tick)) {
                    handle(event);
                }
                long now = clock.getAsLong();
                if (now - nextTick >= 0) {
                    handle(new Event.LeaseIs(lease.get()));
                    handle(new Event.Tick());
                    onTick.run();
                }
                now = clock.getAsLong();
                nextTick = machine.wakeAt(now);
                if (now - shownAt >= SHOW_NANOS) {
                    show(now);
                }
            } catch (InterruptedException e) {
                return;
            } catch (Throwable e) { // the root of the thread: without it the node would hold its lease, and do nothing
                LOG.error("the cluster's thread met what it does not know, goes on", e);
                nextTick = clock.getAsLong() + AGAIN_NANOS;
            }
        }
    }

    private @Nullable Event next(long waitNanos) throws InterruptedException {
        Event event = own.poll();
        return event != null ? event : events.poll(Math.max(waitNanos, 0), TimeUnit.NANOSECONDS);
    }

    private void handle(Event event) {
        LOG.trace("event {}", event);
        List<Action> todo = machine.on(event, clock.getAsLong());
        if (todo.isEmpty()) {
            return;
        }
        if (todo.stream().anyMatch(action -> !(action instanceof Action.AnswerCommits))) {
            show(clock.getAsLong()); // whoever is told of an action sees what came of it
        }
        for (Action action : todo) {
            LOG.debug("action {} after {}", action, event);
            actions.accept(action);
        }
    }

    private void show(long now) {
        shownAt = now;
        shown = look();
    }

    private Shown look() {
        return new Shown(machine.status(clock.getAsLong()), machine.members());
    }

    @Override
    public void close() {
        closing = true;
        thread.interrupt();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
