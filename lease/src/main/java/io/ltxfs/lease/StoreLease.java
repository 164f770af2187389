package io.ltxfs.lease;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lease kept in an object store. Two threads are kept for it alone: one that asks the {@link LeaseMachine} what to do
 * and notices pauses, one that waits for the store. Neither shares anything with the threads that move data (rule 7).
 */
public final class StoreLease implements Lease {
    private static final Logger LOG = LoggerFactory.getLogger(StoreLease.class);

    /** The keeper looks around this many times in a TTL: a pause is one of a third (rule 8). */
    private static final int LOOKS_PER_TTL = 20;

    private final LeaseObject object;
    private final LeaseSettings settings;
    private final LongSupplier clock;
    private final Runnable onChange;
    private final LeaseMachine machine;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ExecutorService asking = Executors.newSingleThreadExecutor(task -> daemon(task, "lease-store"));
    private final Thread keeper = daemon(this::keep, "lease-keeper");
    private boolean closing;
    private boolean asked;
    private String problem = "";
    private long heldBefore = -1;

    /**
     * Begins to watch the lease; takes it once {@link #candidate} says so.
     *
     * @param clock nanoseconds that go on while the machine sleeps
     * @param epochMax the highest epoch that this node remembers; 0 for none
     * @param onChange called, by the keeper, when this process begins or ceases to hold the lease, or another does
     */
    public static StoreLease start(
            LeaseObject object, LeaseSettings settings, LongSupplier clock, long epochMax, Runnable onChange) {
        StoreLease lease = new StoreLease(object, settings, clock, epochMax, onChange);
        lease.keeper.start();
        return lease;
    }

    private StoreLease(
            LeaseObject object, LeaseSettings settings, LongSupplier clock, long epochMax, Runnable onChange) {
        this.object = object;
        this.settings = settings;
        this.clock = clock;
        this.onChange = onChange;
        SecureRandom random = new SecureRandom();
        this.machine = new LeaseMachine(settings, epochMax, () -> {
            byte[] bytes = new byte[16];
            random.nextBytes(bytes);
            return HexFormat.of().formatHex(bytes);
        });
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.setPriority(Thread.MAX_PRIORITY);
        return thread;
    }

    @Override
    public long epochHeld() {
        LeaseMachine.Term term = machine.term();
        return term != null && term.holdsAt(clock.getAsLong()) ? term.epoch() : -1;
    }

    @Override
    public Status status() {
        lock.lock();
        try {
            LeaseMachine.Term term = machine.term();
            long now = clock.getAsLong();
            boolean held = term != null && term.holdsAt(now);
            long remaining = held && term != null ? (term.deadlineNanos() - now) / 1_000_000 : 0;
            Optional<String> wrong =
                    machine.alarm().or(() -> problem.isEmpty() ? Optional.empty() : Optional.of(problem));
            return new Status(held, machine.epochMax(), remaining, machine.seen(), wrong);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void candidate(boolean wanted) {
        tell(() -> machine.candidate(wanted));
    }

    @Override
    public void release() {
        tell(machine::release);
    }

    @Override
    public void handOver(String holder, String node, String advertise) {
        tell(() -> machine.handOver(holder, node, advertise));
    }

    @Override
    public void sighted(String etag, long epoch) {
        tell(() -> machine.sighted(etag, epoch, clock.getAsLong()));
    }

    @Override
    public Optional<String> etag() {
        lock.lock();
        try {
            return machine.etag();
        } finally {
            lock.unlock();
        }
    }

    private void tell(Runnable what) {
        lock.lock();
        try {
            what.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void keep() {
        lock.lock();
        try {
            while (!closing) {
                machine.poll(clock.getAsLong()).ifPresent(this::ask);
                noteChange();
                long now = clock.getAsLong();
                long wait = Math.min(machine.wakeAt(now) - now, settings.ttl().toNanos() / LOOKS_PER_TTL);
                if (wait > 0 || asked) {
                    changed.awaitNanos(Math.max(wait, 1_000_000));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private void ask(LeaseRequest request) {
        asked = true;
        asking.execute(() -> {
            LeaseAnswer answer = object.ask(request);
            tell(() -> {
                asked = false;
                machine.answer(answer, clock.getAsLong());
                note(request, answer);
            });
        });
    }

    private void note(LeaseRequest request, LeaseAnswer answer) {
        String failure = failure(answer);
        if (failure == null) {
            if (!problem.isEmpty()) {
                LOG.info("the lease's store answers again");
            }
            problem = "";
        } else if (problem.isEmpty()) {
            LOG.warn("could not {} the lease, tries again: error=\"{}\"", verb(request), failure);
            problem = failure;
        }
    }

    private static String verb(LeaseRequest request) {
        return request instanceof LeaseRequest.Read ? "read" : "write";
    }

    private static @Nullable String failure(LeaseAnswer answer) {
        if (answer instanceof LeaseAnswer.Unknown unknown) {
            return unknown.why();
        }
        return answer instanceof LeaseAnswer.NotDone notDone ? notDone.why() : null;
    }

    private void noteChange() {
        LeaseMachine.Term term = machine.term();
        long held = term == null ? -1 : term.epoch();
        if (held != heldBefore) {
            heldBefore = held;
            onChange.run();
        }
    }

    @Override
    public void close() {
        tell(() -> closing = true);
        asking.shutdownNow();
        try {
            keeper.join(settings.ttl().toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
