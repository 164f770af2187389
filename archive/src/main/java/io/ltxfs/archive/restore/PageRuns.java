package io.ltxfs.archive.restore;

import java.util.Arrays;

/** Ascending page numbers as runs of neighbours. */
final class PageRuns {
    private long[] firsts = new long[4];
    private int[] lengths = new int[4];
    private int count;
    private long pages;

    /** Adds a page greater than all before. */
    void add(long pgno) {
        add(pgno, 1);
    }

    /** Adds a run behind all before. */
    void add(long first, int length) {
        pages += length;
        if (count > 0 && firsts[count - 1] + lengths[count - 1] == first) {
            lengths[count - 1] += length;
            return;
        }
        if (count == firsts.length) {
            firsts = Arrays.copyOf(firsts, 2 * count);
            lengths = Arrays.copyOf(lengths, 2 * count);
        }
        firsts[count] = first;
        lengths[count++] = length;
    }

    /** How many runs. */
    int count() {
        return count;
    }

    long first(int run) {
        return firsts[run];
    }

    int length(int run) {
        return lengths[run];
    }

    /** How many pages. */
    long pages() {
        return pages;
    }
}
