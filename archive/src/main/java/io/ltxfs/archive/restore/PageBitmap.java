package io.ltxfs.archive.restore;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveException.Kind;

/**
 * A set of page numbers, from 1 on: one bit a page, which is all that a restore keeps for every page of the database
 * (32 MiB for a terabyte in pages of 4 KiB).
 */
final class PageBitmap {
    private final long pages;
    private final long[] words;
    private long count;

    /**
     * An empty set.
     *
     * @throws ArchiveException if the heap has no room for two of them
     */
    PageBitmap(long pages) throws ArchiveException {
        this.pages = pages;
        long bytes = pages / Byte.SIZE + Long.BYTES;
        long heap = Runtime.getRuntime().maxMemory();
        if (bytes > heap / 3) {
            throw new ArchiveException(
                    Kind.WRONG_USAGE,
                    "a database of " + pages + " pages needs a heap of "
                            + ((3 * bytes >> 20) + 64) + " MiB, this process has " + (heap >> 20)
                            + " MiB; set LTXFS_HEAP=" + ((3 * bytes >> 20) + 64) + "m and run it again");
        }
        this.words = new long[(int) (pages / Long.SIZE + 1)];
    }

    /** How many pages are in it. */
    long count() {
        return count;
    }

    boolean contains(long pgno) {
        return pgno <= pages && (words[(int) (pgno >>> 6)] & 1L << pgno) != 0;
    }

    /** Adds a page of the database; false if it was there. */
    boolean add(long pgno) {
        int word = (int) (pgno >>> 6);
        long bit = 1L << pgno;
        if ((words[word] & bit) != 0) {
            return false;
        }
        words[word] |= bit;
        count++;
        return true;
    }

    /** The first page from {@code pgno} on that is not in it; one more than the pages there are if all are. */
    long firstAbsent(long pgno) {
        long at = pgno;
        while (at <= pages && contains(at)) {
            boolean full = (at & 63) == 0 && words[(int) (at >>> 6)] == -1;
            at += full ? Long.SIZE : 1;
        }
        return Math.min(at, pages + 1);
    }
}
