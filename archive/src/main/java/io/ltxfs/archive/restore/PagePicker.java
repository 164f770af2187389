package io.ltxfs.archive.restore;

import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxIndexCursor;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Decides which frames to fetch. The LTX files are looked at from the newest to the oldest: the first one that has a
 * page has its newest version, and a page beyond the smallest size that the database had later was cut off. So one bit a
 * page is enough, and an index is read entry by entry however large it is.
 *
 * <p>Neighbouring frames go into one {@link FetchJob}; small gaps are fetched too, since a request costs more. Where
 * files are verified whole, every frame is fetched.
 */
final class PagePicker {
    /** Takes what is to be fetched. */
    interface Sink {
        /** Some frames; may block. */
        void fetch(FetchJob job) throws IOException;

        /** A file's index was read to its end. */
        void end(OpenSource source, int jobs, long indexCrc) throws IOException;
    }

    /** What a job's frames become is at most this much. */
    private static final int DECODED_BYTES_MAX = 16 << 20;

    /**
     * How jobs are cut.
     *
     * @param jobBytesMax what one request fetches at most
     * @param gapBytesMax unwanted bytes between two wanted frames that are fetched with them
     */
    record Cut(int jobBytesMax, int gapBytesMax) {}

    private final PageBitmap taken;
    private final long pages;
    private final boolean whole;
    private final Cut cut;
    private final Sink sink;
    private final int framesMax;
    private long limit = Long.MAX_VALUE;

    // The job that is being made.
    private int[] pgnos = new int[64];
    private int[] starts = new int[64];
    private int[] sizes = new int[64];
    private BitSet wanted = new BitSet();
    private int count;
    private long first;
    private long end;
    private int sequence;

    /**
     * Begins.
     *
     * @param taken the pages that need not be fetched; all that are fetched are added
     * @param pages the database's size in pages
     * @param whole whether every frame must be fetched
     */
    PagePicker(PageBitmap taken, long pages, int pageSize, boolean whole, Cut cut, Sink sink) {
        this.taken = taken;
        this.pages = pages;
        this.whole = whole;
        this.cut = cut;
        this.sink = sink;
        this.framesMax = Math.max(DECODED_BYTES_MAX / pageSize, 1);
    }

    /** The greatest page that the files looked at so far have left of what was before them. */
    long limit() {
        return Math.min(limit, pages);
    }

    /** Looks at the next older file. */
    void pick(OpenSource source) throws IOException {
        // A file's own pages are never beyond its own size, so that the limit may count for itself too.
        limit = Math.min(limit, source.commit());
        long last = limit();
        sequence = 0;
        LtxIndexCursor index = source.index();
        try {
            while (index.next()) {
                long pgno = index.pgno();
                boolean isWanted = pgno <= last && taken.add(pgno);
                if (isWanted || whole) {
                    add(source, pgno, index.offset(), index.size(), isWanted);
                }
            }
        } catch (LtxFormatException e) {
            throw new DamagedObjectException(source.source().key(), String.valueOf(e.getMessage()));
        }
        flush(source);
        sink.end(source, sequence, index.crc());
    }

    private void add(OpenSource source, long pgno, long offset, int size, boolean isWanted) throws IOException {
        if (count > 0
                && (count == framesMax
                        || offset - end > cut.gapBytesMax()
                        || offset + size - first > cut.jobBytesMax())) {
            flush(source);
        }
        if (count == 0) {
            first = offset;
        }
        if (count == pgnos.length) {
            int capacity = Math.min(2 * count, framesMax);
            pgnos = Arrays.copyOf(pgnos, capacity);
            starts = Arrays.copyOf(starts, capacity);
            sizes = Arrays.copyOf(sizes, capacity);
        }
        pgnos[count] = (int) pgno;
        starts[count] = (int) (offset - first);
        sizes[count] = size;
        wanted.set(count, isWanted);
        count++;
        end = offset + size;
    }

    private void flush(OpenSource source) throws IOException {
        if (count == 0) {
            return;
        }
        FetchJob job = new FetchJob(
                source,
                sequence++,
                first,
                (int) (end - first),
                Arrays.copyOf(pgnos, count),
                Arrays.copyOf(starts, count),
                Arrays.copyOf(sizes, count),
                wanted);
        wanted = new BitSet();
        count = 0;
        sink.fetch(job);
    }
}
