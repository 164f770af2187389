package io.ltxfs.archive;

import io.ltxfs.objectstore.ObjectStore;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;

/** Asks a store for many things: several at once where a network is between, else one after the other. */
public final class Parallel implements AutoCloseable {
    private static final int THREADS = 16;

    /** One question. */
    @FunctionalInterface
    public interface Question<T, R> {
        /** Asks. */
        R ask(T about) throws IOException;
    }

    private final Executor executor;
    private final List<ExecutorService> threads;

    /**
     * Threads for a store; started when they are needed.
     *
     * @param name of the threads
     */
    public Parallel(ObjectStore store, String name) {
        if (store.isLocal()) {
            executor = Runnable::run;
            threads = List.of();
        } else {
            AtomicInteger number = new AtomicInteger();
            ExecutorService pool = Executors.newFixedThreadPool(THREADS, task -> {
                Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
                thread.setDaemon(true);
                return thread;
            });
            executor = pool;
            threads = List.of(pool);
        }
    }

    /** Asks about each, and gives the answers in the same order; fails with the first failure in that order. */
    public <T, R> List<R> all(List<T> about, Question<T, R> question) throws IOException {
        List<FutureTask<R>> asked = new ArrayList<>();
        for (T one : about) {
            FutureTask<R> task = new FutureTask<>(() -> question.ask(one));
            asked.add(task);
            executor.execute(task);
        }
        List<R> answers = new ArrayList<>();
        for (FutureTask<R> task : asked) {
            answers.add(answer(task));
        }
        return answers;
    }

    private static <R> R answer(FutureTask<R> task) throws IOException {
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            if (e.getCause() instanceof RuntimeException runtime) {
                throw runtime;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while asking the store");
        }
    }

    @Override
    public void close() {
        threads.forEach(ExecutorService::shutdownNow);
    }
}
