package io.ltxfs.fusefs.own;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Complete the futures of own-mount jobs, on ordinary threads of the process: what hangs on a future may log, open
 * files, start threads, and wait a little. All threads are started at the beginning: one started later, by an own
 * thread, would have that thread's descriptors.
 */
final class CompletionThreads {
    private static final int THREADS = 3;
    private static final Logger LOG = LoggerFactory.getLogger(CompletionThreads.class);

    private final BlockingQueue<Outcome<?>> outcomes = new LinkedBlockingQueue<>();
    private final List<Thread> threads = new ArrayList<>();

    CompletionThreads() {
        for (int i = 0; i < THREADS; i++) {
            Thread thread = new Thread(this::serve, "ltxfs-own-results-" + i);
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
    }

    private record Outcome<T>(
            CompletableFuture<T> future,
            @Nullable T value,
            @Nullable Throwable failure) {
        void deliver() {
            if (failure != null) {
                future.completeExceptionally(failure);
            } else {
                future.complete(value);
            }
        }
    }

    <T> void complete(CompletableFuture<T> future, @Nullable T value) {
        outcomes.add(new Outcome<>(future, value, null));
    }

    void fail(CompletableFuture<?> future, Throwable failure) {
        outcomes.add(new Outcome<>(future, null, failure));
    }

    void stop() {
        threads.forEach(Thread::interrupt);
    }

    private void serve() {
        try {
            while (true) {
                deliver(outcomes.take());
            }
        } catch (InterruptedException e) {
            for (Outcome<?> left = outcomes.poll(); left != null; left = outcomes.poll()) {
                deliver(left);
            }
        }
    }

    private static void deliver(Outcome<?> outcome) {
        try {
            outcome.deliver();
        } catch (Throwable e) { // the root of a result
            LOG.error("Handling of an own-mount result failed", e);
        }
    }
}
