package io.ltxfs.database;

import java.util.concurrent.atomic.AtomicLong;

/** A bound on the memory that side files and staged pages of all databases take together. */
final class MemoryBudget {
    private final long bytesMax;
    private final AtomicLong used = new AtomicLong();

    MemoryBudget(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** Takes a number of bytes if they are to be had. */
    boolean tryTake(long bytes) {
        if (used.addAndGet(bytes) <= bytesMax) {
            return true;
        }
        used.addAndGet(-bytes);
        return false;
    }

    void giveBack(long bytes) {
        used.addAndGet(-bytes);
    }

    long used() {
        return used.get();
    }
}
