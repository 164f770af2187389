package io.ltxfs.fusefs.own;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Completes the futures of own-mount jobs, on an ordinary thread of the process: what hangs on a future may log, open
 * files and start threads. It should be short all the same, the results of all own threads come through here.
 */
final class CompletionThread {
    private static final Logger LOG = LoggerFactory.getLogger(CompletionThread.class);

    private final BlockingQueue<Outcome<?>> outcomes = new LinkedBlockingQueue<>();
    private final Thread thread = new Thread(this::serve, "ltxfs-own-results");

    CompletionThread() {
        thread.setDaemon(true);
        thread.start();
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
        thread.interrupt();
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
