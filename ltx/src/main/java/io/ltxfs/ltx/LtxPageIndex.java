package io.ltxfs.ltx;

import java.io.IOException;
import java.util.Arrays;

/** The page index of one LTX file: for each page, where its frame is. Ordered by page number. */
public final class LtxPageIndex {
    private static final int CAPACITY_MIN = 16;

    private int count;
    private int[] pgnos = new int[CAPACITY_MIN];
    private long[] offsets = new long[CAPACITY_MIN];
    private int[] sizes = new int[CAPACITY_MIN];

    private LtxPageIndex() {}

    /**
     * Reads the entries up to the index's size field. They must cover the page frames without gap or overlap.
     *
     * @param framesEnd where the marker behind the last frame is in the file
     */
    static LtxPageIndex read(PageIndexReader reader, LtxHeader header, LtxGeneration generation, long framesEnd)
            throws IOException {
        long at = framesEnd + generation.pageHeaderSize();
        LtxPageIndex index = new LtxPageIndex();
        long commit = Integer.toUnsignedLong(header.commit());
        // Twice a page is more than any coding needs and keeps a page's read within bounds.
        int sizeMax = 2 * header.pageSize() + LtxLayout.HEADER_SIZE;
        boolean ascending = true;
        long last = 0;
        while (reader.next()) {
            long pgno = reader.pgno();
            long offset = reader.offset();
            long size = reader.size();
            if (Long.compareUnsigned(pgno, commit) > 0 || pgno == header.lockPgno()) {
                throw new LtxFormatException(
                        LtxError.INDEX_MISMATCH, at, "the page index lists page " + Long.toUnsignedString(pgno));
            }
            if (size <= generation.pageHeaderSize()
                    || size > sizeMax
                    || offset < LtxLayout.HEADER_SIZE
                    || offset > framesEnd - size) {
                throw new LtxFormatException(
                        LtxError.INDEX_MISMATCH,
                        at,
                        "the page index has page " + pgno + " at byte " + Long.toUnsignedString(offset) + " with "
                                + Long.toUnsignedString(size) + " bytes, the pages are in bytes "
                                + LtxLayout.HEADER_SIZE
                                + " to " + framesEnd);
            }
            ascending &= pgno > last;
            last = pgno;
            index.add((int) pgno, offset, (int) size);
        }
        if (!ascending) {
            index.sort();
        }
        index.checkTiling(at, framesEnd);
        reader.readSize();
        return index;
    }

    private void add(int pgno, long offset, int size) {
        if (count == pgnos.length) {
            int capacity = count + (count >> 1);
            pgnos = Arrays.copyOf(pgnos, capacity);
            offsets = Arrays.copyOf(offsets, capacity);
            sizes = Arrays.copyOf(sizes, capacity);
        }
        pgnos[count] = pgno;
        offsets[count] = offset;
        sizes[count] = size;
        count++;
    }

    /** No writer known leaves an index unordered, so this may be slow. */
    private void sort() {
        Integer[] order = new Integer[count];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Integer.compareUnsigned(pgnos[a], pgnos[b]));
        int[] oldPgnos = pgnos;
        long[] oldOffsets = offsets;
        int[] oldSizes = sizes;
        pgnos = new int[Math.max(count, CAPACITY_MIN)];
        offsets = new long[pgnos.length];
        sizes = new int[pgnos.length];
        for (int i = 0; i < count; i++) {
            pgnos[i] = oldPgnos[order[i]];
            offsets[i] = oldOffsets[order[i]];
            sizes[i] = oldSizes[order[i]];
        }
    }

    private void checkTiling(long at, long framesEnd) throws LtxFormatException {
        long expected = LtxLayout.HEADER_SIZE;
        for (int i = 0; i < count; i++) {
            if (offsets[i] != expected || i > 0 && pgnos[i] == pgnos[i - 1]) {
                throw new LtxFormatException(
                        LtxError.INDEX_MISMATCH,
                        at,
                        "the page index has page " + Integer.toUnsignedString(pgnos[i]) + " at byte " + offsets[i]
                                + " where byte " + expected + " is due");
            }
            expected += sizes[i];
        }
        if (expected != framesEnd) {
            throw new LtxFormatException(
                    LtxError.INDEX_MISMATCH,
                    at,
                    "the page index ends with byte " + expected + ", the pages with byte " + framesEnd);
        }
    }

    /** The number of pages. */
    public int count() {
        return count;
    }

    /** The number (unsigned) of the i-th page. */
    public int pgno(int i) {
        return pgnos[checked(i)];
    }

    /** Where the i-th page's frame is in the file, in bytes. */
    public long offset(int i) {
        return offsets[checked(i)];
    }

    /** The length of the i-th page's frame in bytes. */
    public int size(int i) {
        return sizes[checked(i)];
    }

    private int checked(int i) {
        if (i < 0 || i >= count) {
            throw new IndexOutOfBoundsException(i);
        }
        return i;
    }

    /** Which entry is that of a page; negative if the file does not hold the page. */
    public int find(int pgno) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = Integer.compareUnsigned(pgnos[middle], pgno);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }
}
