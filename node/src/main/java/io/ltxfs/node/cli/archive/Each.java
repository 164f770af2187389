package io.ltxfs.node.cli.archive;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Does the same for each of many, some at a time. */
final class Each {
    private Each() {}

    /** What to do. */
    @FunctionalInterface
    interface Task<T, R> {
        R run(T item) throws IOException;
    }

    /**
     * Does it.
     *
     * @return the results in the order of the items
     * @throws IOException the first item's failure; the others are given up
     */
    static <T, R> List<R> of(List<T> items, int threads, Task<T, R> task) throws IOException, InterruptedException {
        ExecutorService pool = Executors.newFixedThreadPool(Math.max(1, Math.min(threads, items.size())), work -> {
            Thread thread = new Thread(work, "each");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<R>> futures = new ArrayList<>();
            items.forEach(item -> futures.add(pool.submit(() -> task.run(item))));
            List<R> results = new ArrayList<>();
            for (Future<R> future : futures) {
                results.add(future.get());
            }
            return results;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            if (e.getCause() instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            pool.shutdownNow();
        }
    }
}
