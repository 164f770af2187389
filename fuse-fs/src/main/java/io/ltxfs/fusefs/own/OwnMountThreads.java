package io.ltxfs.fusefs.own;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The few threads that do all I/O through the own mount. What belongs together (the files of one database) is given to
 * one thread by its key, so that it is done in order and without locks.
 */
public final class OwnMountThreads implements AutoCloseable {
    private final List<OwnMountThread> threads;
    private final CompletionThreads completions;

    private OwnMountThreads(List<OwnMountThread> threads, CompletionThreads completions) {
        this.threads = threads;
        this.completions = completions;
    }

    /**
     * Starts the threads. Best done before anything is mounted and much is open.
     *
     * @param count how many; a job that waits for the mount holds up the others of its thread
     * @param jobsMax how many jobs may wait for each thread
     * @throws IOException if a thread cannot get a descriptor table of its own
     */
    public static OwnMountThreads start(int count, int jobsMax) throws IOException {
        OwnMountThreads started = new OwnMountThreads(new ArrayList<>(), new CompletionThreads());
        try {
            for (int i = 0; i < count; i++) {
                OwnMountThread thread = new OwnMountThread("ltxfs-own-" + i, jobsMax, started.completions);
                started.threads.add(thread);
                thread.start();
            }
            return started;
        } catch (IOException | RuntimeException e) {
            started.close();
            throw e;
        }
    }

    /** The thread for a database, always the same one. */
    public OwnMountThread forKey(String key) {
        return threads.get(Math.floorMod(key.hashCode(), threads.size()));
    }

    /** Whether a request comes from one of these threads. @param tid the caller's {@code pid} in a request */
    public boolean isOwn(int tid) {
        for (OwnMountThread thread : threads) {
            if (thread.tid() == tid) {
                return true;
            }
        }
        return false;
    }

    /** Closes all files and ends the threads. To be done while the mount still answers. */
    @Override
    public void close() {
        threads.forEach(OwnMountThread::stop);
        completions.stop();
    }
}
