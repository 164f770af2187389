package io.ltxfs.fusefs.tree;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Gives out node ids that no other file of this mount or of an earlier one has had. It starts at the wall clock's
 * milliseconds with room for a million ids in each, so a later start begins above all that an earlier one gave.
 */
final class NodeIds {
    // An inode number of a file that has no backing file: far above those that local file systems give.
    private static final long OWN_INODES = 1L << 62;

    private final AtomicLong last;

    NodeIds(long startMillis) {
        last = new AtomicLong(startMillis << 20);
    }

    long next() {
        return last.incrementAndGet();
    }

    /** The inode number shown for a node that has no file in the mirror. */
    static long inodeOf(long node) {
        return OWN_INODES | node;
    }
}
