package io.ltxfs.fusefs.host;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Questions that must be answered within a time, the same for all. Nearly all are answered long before it: they wait in
 * a queue that is looked through now and then, rather than with a timer for each, which would wake a thread twice for
 * every commit.
 */
final class Deadlines {
    private static final long SWEEP_MILLIS = 100;

    private final ScheduledExecutorService timer;
    private final long limitNanos;
    private final Queue<Question> questions = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean armed = new AtomicBoolean();

    private record Question(Once<?> once, long deadlineNanos, Runnable expired) {}

    /** @param limitMillis the answer comes, or the question expires, after this and at most 100 ms more */
    Deadlines(ScheduledExecutorService timer, long limitMillis) {
        this.timer = timer;
        limitNanos = TimeUnit.MILLISECONDS.toNanos(limitMillis);
    }

    /** @param expired run on the timer's thread if the question has no answer in time; short */
    void add(Once<?> once, Runnable expired) {
        questions.add(new Question(once, System.nanoTime() + limitNanos, expired));
        arm();
    }

    private void arm() {
        if (armed.compareAndSet(false, true)) {
            try {
                timer.schedule(this::sweep, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                armed.set(false); // the mount is closed
            }
        }
    }

    private void sweep() {
        armed.set(false);
        long now = System.nanoTime();
        Question first = questions.peek();
        while (first != null && (first.once().isGiven() || first.deadlineNanos() - now <= 0)) {
            questions.poll();
            if (!first.once().isGiven()) {
                first.expired().run();
            }
            first = questions.peek();
        }
        if (first != null) {
            arm();
        }
    }
}
