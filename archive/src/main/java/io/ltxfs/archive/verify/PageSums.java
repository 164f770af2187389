package io.ltxfs.archive.verify;

import java.util.Arrays;

/** Page checksums by page number: 12 bytes a page at the best, 24 at the worst. */
final class PageSums {
    private static final int CAPACITY_MIN = 64;

    /** 0 is no page: a free slot. */
    private int[] pages = new int[CAPACITY_MIN];

    private long[] sums = new long[CAPACITY_MIN];
    private int count;

    /** Sets the checksum of a page. */
    void put(int pgno, long sum) {
        if (count * 3 >= pages.length * 2) {
            grow();
        }
        int slot = slot(pgno);
        if (pages[slot] == 0) {
            pages[slot] = pgno;
            count++;
        }
        sums[slot] = sum;
    }

    /** The checksum of a page; 0 if it has none, which no checksum is. */
    long get(int pgno) {
        return sums[slot(pgno)];
    }

    /** Forgets pages beyond a size, in pages (unsigned). */
    void cut(int commit) {
        int[] oldPages = pages;
        long[] oldSums = sums;
        boolean any = false;
        for (int page : oldPages) {
            any |= Integer.compareUnsigned(page, commit) > 0;
        }
        if (any) {
            clear(oldPages.length);
            for (int i = 0; i < oldPages.length; i++) {
                if (oldPages[i] != 0 && Integer.compareUnsigned(oldPages[i], commit) <= 0) {
                    put(oldPages[i], oldSums[i]);
                }
            }
        }
    }

    /** Forgets all. */
    void clear() {
        clear(CAPACITY_MIN);
    }

    /** A page in which two differ, the smallest; 0 if they are the same. */
    int difference(PageSums other) {
        int least = 0;
        for (PageSums side : new PageSums[] {this, other}) {
            for (int page : side.pages) {
                if (page != 0
                        && get(page) != other.get(page)
                        && (least == 0 || Integer.compareUnsigned(page, least) < 0)) {
                    least = page;
                }
            }
        }
        return least;
    }

    private void clear(int capacity) {
        pages = new int[capacity];
        sums = new long[capacity];
        count = 0;
    }

    private int slot(int pgno) {
        int mask = pages.length - 1;
        int slot = pgno * 0x9E3779B9 >>> 7 & mask;
        while (pages[slot] != 0 && pages[slot] != pgno) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private void grow() {
        int[] oldPages = pages;
        long[] oldSums = sums;
        clear(oldPages.length * 2);
        for (int i = 0; i < oldPages.length; i++) {
            if (oldPages[i] != 0) {
                put(oldPages[i], oldSums[i]);
            }
        }
        Arrays.fill(oldPages, 0);
    }
}
