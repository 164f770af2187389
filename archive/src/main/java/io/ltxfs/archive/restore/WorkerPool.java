package io.ltxfs.archive.restore;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that all restores of a process share: some that fetch, decode and write, each with buffers of its own, and
 * some that open files. They start when they are needed.
 */
final class WorkerPool implements AutoCloseable {
    private static final long IDLE_SECONDS = 10;
    private static final long CLOSE_SECONDS = 60;

    private final int workers;
    private final ThreadPoolExecutor jobs;
    private final ThreadPoolExecutor opens;
    private final ThreadLocal<JobRunner.Buffers> buffers;

    /**
     * Makes one.
     *
     * @param workers how many threads fetch
     * @param jobBytesMax what a job fetches at most
     */
    WorkerPool(int workers, int jobBytesMax) {
        this.workers = workers;
        this.jobs = pool("ltxfs-restore-", workers);
        this.opens = pool("ltxfs-restore-open-", Math.min(workers, 8));
        this.buffers = ThreadLocal.withInitial(() -> JobRunner.Buffers.allocate(jobBytesMax));
    }

    private static ThreadPoolExecutor pool(String name, int size) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                size, size, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, name + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** How many threads fetch. */
    int workers() {
        return workers;
    }

    /** Runs on a thread that fetches. The caller bounds how many wait. */
    void execute(Runnable task) {
        jobs.execute(task);
    }

    /** The calling thread's buffers. */
    JobRunner.Buffers buffers() {
        return buffers.get();
    }

    /** The threads that open files. */
    ExecutorService opens() {
        return opens;
    }

    /** Ends the threads when they are done. */
    @Override
    public void close() {
        jobs.shutdown();
        opens.shutdown();
        try {
            jobs.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
