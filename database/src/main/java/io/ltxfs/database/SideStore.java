package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import java.util.concurrent.atomic.AtomicLong;

/** Where side files live: the memory they share, and the directory for those that do not fit. */
final class SideStore {
    /** Below the data directory; emptied at every start. */
    static final String DIRECTORY = "side";

    private static final long FILE_MEMORY_MAX = 1 << 20;

    final Disk disk;
    final MemoryBudget budget;
    private final AtomicLong next = new AtomicLong();

    SideStore(Disk disk, MemoryBudget budget) {
        this.disk = disk;
        this.budget = budget;
    }

    /** A journal, WAL or super-journal. */
    SideFile spilling() {
        return new SideFile(this, FILE_MEMORY_MAX);
    }

    /** A wal-index: always in memory, never refused for want of budget (rule D2). */
    SideFile memory() {
        return new SideFile(this, Long.MAX_VALUE);
    }

    String newPath() {
        return DIRECTORY + "/" + next.incrementAndGet();
    }
}
