package io.ltxfs.fusefs.own;

import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A thread that does I/O through the own mount, with a descriptor table of its own.
 *
 * <p>Why its own table: a process that is killed closes its descriptors, and closing one of a dirty file of a FUSE mount
 * writes the file back first. If the same table holds {@code /dev/fuse}, that write-back waits for this very process to
 * answer, the device is never closed, and the process and every app on the mount hang for ever. Here {@code /dev/fuse}
 * is in the process's table only: it goes when the other threads go, and the write-back ends with an error.
 *
 * <p>The table is a copy made at the start, less what it does not need. From then on a descriptor's number means one
 * file here and another, or none, in the rest of the process. So a job must not
 * <ul>
 *   <li>use Java's files, channels, sockets or loggers, or need a class that is not loaded yet: class loading reads jars
 *       by the numbers of the other table. {@code java.base} is safe, it is mapped; what this package offers has been
 *       used once before the table was split ({@link Warmup});
 *   <li>start threads, or run what may start one (a future's callbacks, a pool): they would get this table. Results are
 *       therefore handed over by {@link CompletionThreads};
 *   <li>map anything.
 * </ul>
 */
public final class OwnMountThread {
    private static final long CALL_SECONDS = 60;

    private final BlockingQueue<Runnable> jobs;
    private final CompletionThreads completions;
    private final Thread thread;
    private volatile boolean stopping;
    private volatile int tid;

    // Owned by the thread.
    private final Set<OwnFile> files = new LinkedHashSet<>();

    OwnMountThread(String name, int jobsMax, CompletionThreads completions) {
        jobs = new ArrayBlockingQueue<>(jobsMax);
        this.completions = completions;
        thread = new Thread(this::serve, name);
        thread.setDaemon(true);
    }

    /** Starts it and waits until its table is its own. */
    void start() throws IOException {
        thread.start();
        try (Warmup warmup = Warmup.create()) {
            run(warmup).join();
            call(warmup);
            run(new Isolation()).join();
        } catch (CompletionException e) {
            stop();
            Throwable cause = e.getCause();
            String why = cause instanceof IOException ? cause.getMessage() : String.valueOf(cause);
            throw new IOException("start of thread " + thread.getName() + ": " + why, e);
        }
    }

    /** The kernel's id of the thread: the {@code pid} of requests that its jobs cause. */
    public int tid() {
        return tid;
    }

    /**
     * Queues a job; the jobs of a thread run one after the other.
     *
     * @return its result or exception, on a thread that is not this one; {@link RejectedExecutionException} at once if
     *     too many jobs wait, or the thread has been stopped
     */
    public <T> CompletableFuture<T> run(OwnJob<T> job) {
        CompletableFuture<T> result = new CompletableFuture<>();
        if (stopping || !jobs.offer(new Task<>(this, job, result))) {
            result.completeExceptionally(new RejectedExecutionException(
                    thread.getName() + (stopping ? " has stopped" : ": " + jobs.size() + " jobs wait already")));
        }
        return result;
    }

    /**
     * Runs a job and waits for it: one change of threads less than {@link #run}, as nothing can hang on the result.
     *
     * @throws IOException what the job threw, or that the thread has stopped or is too far behind
     */
    public <T> T call(OwnJob<T> job) throws IOException {
        FutureTask<T> task = new FutureTask<>(() -> job.run(this));
        if (stopping || !jobs.offer(task)) {
            throw new IOException(thread.getName() + (stopping ? " has stopped" : " is too far behind"));
        }
        try {
            return task.get(CALL_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(thread.getName() + ": interrupted", e);
        } catch (TimeoutException e) {
            throw new IOException(thread.getName() + ": no answer within " + CALL_SECONDS + " s", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException io) {
                throw io;
            }
            throw new IOException(thread.getName() + ": " + cause, cause);
        }
    }

    /**
     * Opens a file. For jobs only.
     *
     * @param path absolute, below the mount
     * @param flags as in {@link OpenFlags}; O_CLOEXEC is added
     */
    public OwnFile open(String path, int flags) throws PosixException {
        requireCurrent();
        int fd = Posix.open(path, flags | OpenFlags.CLOEXEC, 0);
        if (fd < 0) {
            throw new PosixException(-fd, "open " + path);
        }
        OwnFile file = new OwnFile(this, path, fd);
        files.add(file);
        return file;
    }

    /** Closes all files, which gives their locks back, and ends the thread when the queued jobs are done. */
    void stop() {
        stopping = true;
        jobs.offer(() -> {}); // wakes it if it waits; if there is no room it does not wait
        try {
            thread.join(TimeUnit.SECONDS.toMillis(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void requireCurrent() {
        if (Thread.currentThread() != thread) {
            throw new IllegalStateException("only jobs of " + thread.getName() + " may use its files");
        }
    }

    void closed(OwnFile file) {
        files.remove(file);
    }

    private void serve() {
        tid = Posix.gettid();
        try {
            while (!stopping || !jobs.isEmpty()) {
                jobs.take().run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            for (OwnFile file : files.toArray(new OwnFile[0])) {
                file.close();
            }
        }
    }

    private static final class Task<T> implements Runnable {
        private final OwnMountThread thread;
        private final OwnJob<T> job;
        private final CompletableFuture<T> result;

        Task(OwnMountThread thread, OwnJob<T> job, CompletableFuture<T> result) {
            this.thread = thread;
            this.job = job;
            this.result = result;
        }

        @Override
        public void run() {
            try {
                thread.completions.complete(result, job.run(thread));
            } catch (Throwable e) { // the root of a job: whoever waits for it must hear
                thread.completions.fail(result, e);
            }
        }
    }
}
