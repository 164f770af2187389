package io.ltxfs.node.replication;

import java.io.IOException;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Keeps a promise: once {@link #promise} has returned, nothing of a lower epoch is taken or acknowledged by this node, and
 * what was under way is over. So what a node says it has, after it promised, is all that it ever acknowledged.
 */
public final class EpochGate {
    /** Something that may be done under an epoch only. */
    @FunctionalInterface
    public interface Action {
        /** Does it. */
        void run() throws IOException;
    }

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private volatile long promised;

    /** A gate as the node's durable promise says. */
    public EpochGate(long promised) {
        this.promised = promised;
    }

    /** The highest epoch that was promised. */
    public long promised() {
        return promised;
    }

    /** Lets nothing of an epoch below this one through any more; waits for what is under way. To be made durable before or after. */
    public void promise(long epoch) {
        lock.writeLock().lock();
        try {
            if (Long.compareUnsigned(epoch, promised) > 0) {
                promised = epoch;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    /**
     * Does something under an epoch.
     *
     * @return false if a higher one was promised: nothing was done
     */
    public boolean pass(long epoch, Action action) throws IOException {
        lock.readLock().lock();
        try {
            if (Long.compareUnsigned(epoch, promised) < 0) {
                return false;
            }
            action.run();
            return true;
        } finally {
            lock.readLock().unlock();
        }
    }
}
