package io.ltxfs.ltx;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Joins consecutive LTX files into one with the same effect.
 *
 * <p>Files are merged by page number; of a page that several hold, the last file's copy counts. One case needs care:
 * a database that shrank within the range and grew again. A page that an earlier file holds was cut off in between,
 * and what counts is what a later file brought, never the old copy. Writers put every page by which a database grows
 * into the file that grows it; where one did not, applying the files one by one would leave zeros, and {@link Growth}
 * says what becomes of it here.
 */
public final class LtxCompactor {
    /** What becomes of a page by which the database grew and which no file holds. */
    public enum Growth {
        /** Refuse, with {@link LtxError#GROWTH_PAGE_MISSING}. */
        REFUSE_MISSING,
        /**
         * Write the zeros that applying the files one by one leaves. The output may be large whatever the input's
         * size.
         */
        ZERO_MISSING
    }

    /**
     * How to compact.
     *
     * @param coding how pages are stored in the output
     * @param checksums whether the output keeps the database checksums, if the inputs have them
     * @param gapsAllowed whether transactions may be missing between two inputs
     */
    public record Options(PageCoding coding, boolean checksums, boolean gapsAllowed, Growth growth) {
        /** LZ4 blocks, checksums kept, nothing missing. */
        public static final Options DEFAULT = new Options(PageCoding.BLOCK, true, false, Growth.REFUSE_MISSING);
    }

    private final List<LtxReader> inputs;
    private final Options options;
    private final LtxHeader header;
    private final LtxWriter writer;
    private final PriorityQueue<Cursor> cursors = new PriorityQueue<>();
    private final long[] commitMinAfter;
    private final long grownFrom;
    private final long commit;
    private final byte[] zeros;
    private long lastWritten;

    private LtxCompactor(List<LtxReader> inputs, OutputStream out, Options options) throws IOException {
        if (inputs.isEmpty()) {
            throw new LtxFormatException(LtxError.NO_INPUT, 0, "there is nothing to compact");
        }
        this.inputs = List.copyOf(inputs);
        this.options = options;
        checkSequence();
        this.header = outputHeader();
        this.commit = Integer.toUnsignedLong(header.commit());
        this.zeros = new byte[header.pageSize()];
        this.commitMinAfter = new long[inputs.size()];
        long min = Long.MAX_VALUE;
        for (int i = inputs.size() - 1; i >= 0; i--) {
            commitMinAfter[i] = min;
            min = Math.min(min, Integer.toUnsignedLong(inputs.get(i).header().commit()));
        }
        this.grownFrom = min;
        this.lastWritten = min;
        this.writer = new LtxWriter(out, header, options.coding());
    }

    /**
     * Joins files, given oldest first with nothing read but their headers. Every input is read whole and checked
     * before the output is finished; after an exception the output is useless. The inputs are not closed. Holds a few
     * buffers of a page's size for each input.
     *
     * @throws LtxFormatException if an input is wrong or they do not fit together
     */
    public static LtxSummary compact(List<LtxReader> inputs, OutputStream out, Options options) throws IOException {
        return new LtxCompactor(inputs, out, options).run();
    }

    /**
     * Joins files, given oldest first, into one that appears whole and durable or not at all; an existing one is
     * replaced. All inputs are open at the same time.
     *
     * @throws LtxFormatException if an input is wrong (naming its file where it cannot even be opened) or they do not
     *     fit together
     */
    public static LtxSummary compact(List<Path> files, Path out, Options options) throws IOException {
        List<LtxReader> inputs = new ArrayList<>();
        try (FileReplacement replacement = FileReplacement.of(out)) {
            for (Path file : files) {
                inputs.add(open(file));
            }
            LtxSummary summary = compact(inputs, replacement.stream(), options);
            replacement.commit();
            return summary;
        } finally {
            for (LtxReader input : inputs) {
                input.close();
            }
        }
    }

    private static LtxReader open(Path file) throws IOException {
        try {
            return LtxReader.open(file);
        } catch (LtxFormatException e) {
            throw e.in(file.toString());
        }
    }

    private void checkSequence() throws LtxFormatException {
        for (int i = 1; i < inputs.size(); i++) {
            LtxHeader previous = inputs.get(i - 1).header();
            LtxHeader next = inputs.get(i).header();
            if (previous.pageSize() != next.pageSize()) {
                throw new LtxFormatException(
                        LtxError.PAGE_SIZE_MISMATCH,
                        LtxLayout.PAGE_SIZE_OFFSET,
                        "page size " + next.pageSize() + " in " + next.fileName() + " after " + previous.pageSize()
                                + " in " + previous.fileName());
            }
            if (!options.gapsAllowed() && !Txid.isContiguous(previous.maxTxid(), next.minTxid(), next.maxTxid())) {
                throw new LtxFormatException(
                        LtxError.NON_CONTIGUOUS,
                        LtxLayout.MIN_TXID_OFFSET,
                        next.fileName() + " cannot follow " + previous.fileName());
            }
        }
    }

    private LtxHeader outputHeader() {
        LtxHeader first = inputs.get(0).header();
        LtxHeader last = inputs.get(inputs.size() - 1).header();
        LtxHeader joined = new LtxHeader(
                0,
                first.pageSize(),
                last.commit(),
                first.minTxid(),
                last.maxTxid(),
                last.timestampMillis(),
                first.preApplyChecksum(),
                0,
                0,
                0,
                0,
                0);
        boolean checksums = options.checksums() && first.hasChecksums() && last.hasChecksums();
        return checksums ? joined : joined.withoutChecksums();
    }

    private LtxSummary run() throws IOException {
        for (int i = 0; i < inputs.size(); i++) {
            advance(new Cursor(i, inputs.get(i)));
        }
        while (!cursors.isEmpty()) {
            Cursor newest = cursors.remove();
            while (!cursors.isEmpty() && cursors.peek().pgno == newest.pgno) {
                advance(cursors.remove());
            }
            boolean cutOffLater = newest.pgno > commitMinAfter[newest.input];
            if (newest.pgno <= commit && !cutOffLater) {
                fillUpTo(newest.pgno - 1);
                writer.writePage((int) newest.pgno, newest.page, 0);
                lastWritten = Math.max(lastWritten, newest.pgno);
            }
            advance(newest);
        }
        fillUpTo(commit);
        long postApply = 0;
        for (int i = 0; i < inputs.size(); i++) {
            try {
                postApply = inputs.get(i).finish().trailer().postApplyChecksum();
            } catch (LtxFormatException e) {
                throw e.in(inputName(i));
            }
        }
        return writer.finish(header.hasChecksums() ? postApply : 0);
    }

    /**
     * Every page beyond the smallest size that the database had within the range must come from a file that grew it.
     */
    private void fillUpTo(long last) throws IOException {
        for (long pgno = lastWritten + 1; pgno <= last; pgno++) {
            if (pgno == header.lockPgno()) {
                continue;
            }
            if (options.growth() == Growth.REFUSE_MISSING) {
                throw new LtxFormatException(
                        LtxError.GROWTH_PAGE_MISSING,
                        writer.size(),
                        "the database grew from " + grownFrom + " pages, but no later file holds page " + pgno);
            }
            writer.writePage((int) pgno, zeros, 0);
        }
        lastWritten = Math.max(lastWritten, last);
    }

    private void advance(Cursor cursor) throws IOException {
        try {
            if (cursor.next()) {
                cursors.add(cursor);
            }
        } catch (LtxFormatException e) {
            throw e.in(inputName(cursor.input));
        }
    }

    private String inputName(int i) {
        return "input " + (i + 1) + ", " + inputs.get(i).header().fileName();
    }

    /** An input at its next page. Ordered by page; of the same page, the newest first. */
    private static final class Cursor implements Comparable<Cursor> {
        private final int input;
        private final LtxReader reader;
        private final byte[] page;
        private long pgno;

        Cursor(int input, LtxReader reader) {
            this.input = input;
            this.reader = reader;
            this.page = new byte[reader.header().pageSize()];
        }

        boolean next() throws IOException {
            pgno = Integer.toUnsignedLong(reader.nextPage(page));
            return pgno != 0;
        }

        @Override
        public int compareTo(Cursor other) {
            int byPage = Long.compare(pgno, other.pgno);
            return byPage != 0 ? byPage : Integer.compare(other.input, input);
        }
    }
}
