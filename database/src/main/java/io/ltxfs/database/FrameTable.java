package io.ltxfs.database;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The frames of the current WAL generation that were captured: page number, checksum and the previous frame of the same
 * page, 16 bytes a frame, and the last frame of each page. Frames are counted from 1.
 */
final class FrameTable {
    private int[] pgnos = new int[64];
    private long[] checksums = new long[64];
    private int[] previous = new int[64];
    private final BitSet commits = new BitSet();
    private final BitSet backfilled = new BitSet();
    private final BlockMap last = new BlockMap();
    private int count;

    int count() {
        return count;
    }

    int pgno(int frame) {
        return pgnos[frame];
    }

    long checksum(int frame) {
        return checksums[frame];
    }

    void add(int pgno, long checksum, boolean commit) {
        int frame = ++count;
        if (frame >= pgnos.length) {
            int capacity = pgnos.length + (pgnos.length >> 1);
            pgnos = Arrays.copyOf(pgnos, capacity);
            checksums = Arrays.copyOf(checksums, capacity);
            previous = Arrays.copyOf(previous, capacity);
        }
        long key = Integer.toUnsignedLong(pgno);
        pgnos[frame] = pgno;
        checksums[frame] = checksum;
        previous[frame] = Math.max(0, last.get(key));
        last.put(key, frame);
        commits.set(frame, commit);
        backfilled.clear(frame);
    }

    /** The last frame of a page, or 0. */
    int lastFrame(int pgno) {
        return Math.max(0, last.get(Integer.toUnsignedLong(pgno)));
    }

    /** The last commit frame below a frame, or 0. */
    int commitBefore(int frame) {
        return frame <= 1 ? 0 : Math.max(0, commits.previousSetBit(frame - 1));
    }

    /**
     * A checkpoint wrote a page: marks the version with this checksum, and older ones, as being in the database file.
     *
     * @return the version's frame, or 0 if there is none
     */
    int backfill(int pgno, long checksum) {
        for (int frame = lastFrame(pgno); frame > 0; frame = previous[frame]) {
            if (checksums[frame] == checksum) {
                for (int older = frame; older > 0 && !backfilled.get(older); older = previous[older]) {
                    backfilled.set(older);
                }
                return frame;
            }
        }
        return 0;
    }

    /** Whether the newest version of a page was written to the database file by a checkpoint. */
    boolean isBackfilled(int pgno) {
        int frame = lastFrame(pgno);
        return frame == 0 || backfilled.get(frame);
    }

    /** The pages that have a frame, ascending. */
    long[] pages() {
        return last.sortedKeys();
    }

    /** Forgets the frames after one. */
    void truncate(int frame) {
        while (count > frame) {
            long key = Integer.toUnsignedLong(pgnos[count]);
            if (last.get(key) == count) {
                last.put(key, previous[count]);
            }
            commits.clear(count);
            count--;
        }
    }

    int[] pagesOfFrames(int end) {
        return Arrays.copyOfRange(pgnos, 1, end + 1);
    }

    void clear() {
        pgnos = new int[64];
        checksums = new long[64];
        previous = new int[64];
        commits.clear();
        backfilled.clear();
        last.clear();
        count = 0;
    }
}
