package io.ltxfs.fusefs.tree;

import java.util.ArrayDeque;

/** What was changed of a plain file while it is copied: cuts, and ranges that were written. */
final class PlainChanges {
    private static final int RANGES_MAX = 256;

    private final ArrayDeque<Range> ranges = new ArrayDeque<>();
    private long cut = Long.MAX_VALUE;

    /** Bytes {@code from} (inclusive) to {@code to} (exclusive). */
    record Range(long from, long to) {}

    synchronized void wrote(long offset, long length) {
        Range range = new Range(offset, offset + length);
        if (ranges.size() == RANGES_MAX) {
            for (Range other : ranges) {
                range = new Range(Math.min(range.from, other.from), Math.max(range.to, other.to));
            }
            ranges.clear();
        }
        ranges.addLast(range);
    }

    synchronized void cut(long size) {
        cut = Math.min(cut, size);
    }

    /** The shortest that the file has been since the last call; {@code Long.MAX_VALUE} if it was never cut. */
    synchronized long takeCut() {
        long taken = cut;
        cut = Long.MAX_VALUE;
        return taken;
    }

    /** A range that was written; of an empty range there is none left. */
    synchronized Range takeRange() {
        return ranges.isEmpty() ? new Range(0, 0) : ranges.removeFirst();
    }

    /** Gives back the rest of a range. */
    synchronized void rest(Range range) {
        ranges.addFirst(range);
    }

    synchronized boolean isEmpty() {
        return ranges.isEmpty() && cut == Long.MAX_VALUE;
    }
}
