package io.ltxfs.lease;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
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

    private static final long PAUSE_NANOS_MIN = 200_000;

    /** What a change is a change of. */
    private record Look(
            long epochHeld,
            long epochHolding,
            long epochMax,
            Optional<String> holder,
            Optional<Quorum> quorum,
            boolean missing,
            Optional<String> problem) {}

    /** One who waits for proof. */
    private record Waiting(long request, long epoch, Consumer<Boolean> then) {}

    private final LeaseObject object;
    private final LeaseSettings settings;
    private final LongSupplier clock;
    private final Runnable onChange;
    private final LeaseMachine machine;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ExecutorService asking = Executors.newSingleThreadExecutor(task -> daemon(task, "lease-store"));
    private final Thread keeper = daemon(this::keep, "lease-keeper");
    private final List<Waiting> waiting = new ArrayList<>();
    private boolean closing;
    private String problem = "";
    private @Nullable Look before;
    private long renewals;
    private long failed;
    private long ambiguous;
    private long lastRenewalMillis;

    /**
     * Begins to watch the lease; takes it once {@link #candidate} says so.
     *
     * @param clock nanoseconds that go on while the machine sleeps
     * @param epochMax the highest epoch that this node remembers; 0 for none
     * @param onChange called when something of the status other than the time left has changed, by the keeper: it must
     *     return at once
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
        return machine.epochHeldAt(clock.getAsLong());
    }

    @Override
    public Status status() {
        lock.lock();
        try {
            Status status = machine.status(clock.getAsLong());
            return status.problem().isPresent() || problem.isEmpty() ? status : status.withProblem(problem);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Counters counters() {
        lock.lock();
        try {
            return new Counters(renewals, failed, ambiguous, lastRenewalMillis);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String holder() {
        return settings.holder();
    }

    @Override
    public void candidate(boolean wanted, Duration delay) {
        tell(() -> machine.candidate(wanted, delay.toNanos()));
    }

    @Override
    public void quorum(Quorum quorum) {
        tell(() -> machine.quorum(quorum));
    }

    @Override
    public void confirm(long epoch, Consumer<Boolean> then) {
        tell(() -> waiting.add(new Waiting(machine.confirm(), epoch, then)));
    }

    @Override
    public void release() {
        tell(machine::release);
    }

    @Override
    public boolean handOver(String holder, String node, String advertise, boolean vouched) {
        lock.lock();
        try {
            boolean done = machine.handOver(holder, node, advertise, vouched, clock.getAsLong());
            changed.signalAll();
            return done;
        } finally {
            lock.unlock();
        }
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
                tellWaiting();
                tellChange();
                long now = clock.getAsLong();
                long wait = Math.min(machine.wakeAt(now) - now, settings.ttl().toNanos() / LOOKS_PER_TTL);
                changed.awaitNanos(Math.max(wait, PAUSE_NANOS_MIN));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) { // the root of the thread
            LOG.error("the lease's keeper failed: this node gives the lease up; start it again", e);
            problem = "the lease's keeper failed: " + e + "; start this node again";
            machine.release();
        } finally {
            lock.unlock();
        }
    }

    /** Answers those who wait for proof, without the lock. */
    private void tellWaiting() {
        List<Runnable> answers = new ArrayList<>();
        for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
            Waiting one = all.next();
            boolean holds = one.epoch >= 0 && machine.epochHolding() == one.epoch;
            if (!holds || machine.confirmed() >= one.request) {
                all.remove();
                answers.add(() -> one.then.accept(holds));
            }
        }
        if (!answers.isEmpty()) {
            withoutLock(() -> answers.forEach(Runnable::run));
        }
    }

    private void withoutLock(Runnable task) {
        lock.unlock();
        try {
            task.run();
        } finally {
            lock.lock();
        }
    }

    /** Tells of a change, without the lock. */
    private void tellChange() {
        Look look = look();
        if (look.equals(before)) {
            return;
        }
        before = look;
        withoutLock(onChange);
    }

    private Look look() {
        Status status = machine.status(clock.getAsLong());
        return new Look(
                status.epochHeld(),
                status.epochHolding(),
                status.epochMax(),
                status.seen()
                        .map(seen ->
                                seen.record().holder() + ' ' + seen.record().state()),
                status.quorum(),
                status.missing(),
                status.problem());
    }

    private void ask(LeaseRequest request) {
        long sentAt = clock.getAsLong();
        asking.execute(() -> {
            LeaseAnswer answer = answer(request);
            tell(() -> {
                long now = clock.getAsLong();
                machine.answer(answer, now);
                count(request, answer, now - sentAt);
                note(request, answer);
            });
        });
    }

    private LeaseAnswer answer(LeaseRequest request) {
        try {
            return object.ask(request);
        } catch (Throwable e) { // the root of a request: without an answer there is never another one
            LOG.error("a request for the lease failed", e);
            return new LeaseAnswer.Unknown(String.valueOf(e));
        }
    }

    private void count(LeaseRequest request, LeaseAnswer answer, long nanos) {
        if (request instanceof LeaseRequest.Read) {
            return;
        }
        if (answer instanceof LeaseAnswer.Stored) {
            renewals++;
            lastRenewalMillis = nanos / 1_000_000;
        } else {
            failed++;
            ambiguous += answer instanceof LeaseAnswer.Unknown ? 1 : 0;
        }
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
