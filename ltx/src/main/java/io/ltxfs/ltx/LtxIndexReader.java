package io.ltxfs.ltx;

import java.io.ByteArrayInputStream;
import java.io.IOException;

/**
 * Reads single pages of an LTX file by ranges: the tail with the page index, the header, then each page with one
 * read.
 *
 * <p>A page read this way has no checksum of its own (except in the generations with LZ4 frames): the file checksum
 * needs the whole file. What can be checked is checked: the index covers the page frames exactly, and a frame holds
 * the wanted page and has its length.
 *
 * <p>Not for use by several threads at once.
 */
public final class LtxIndexReader {
    /** How much of the tail is read at first: the index of some 4000 pages fits. */
    private static final int TAIL_READ = 32 * 1024;

    private final RangeSource source;
    private final LtxEnds ends;
    private final LtxPageIndex index;

    /**
     * Reads header, index and trailer.
     *
     * @throws LtxFormatException if they break a rule, or the generation has no index
     */
    public LtxIndexReader(RangeSource source) throws IOException {
        this(source, TAIL_READ);
    }

    LtxIndexReader(RangeSource source, int tailRead) throws IOException {
        this.source = source;
        long size = source.size();
        byte[] head = source.read(0, (int) Math.min(size, LtxEnds.HEAD_BYTES));
        int tailLength = (int) Math.min(size, Math.max(tailRead, LtxEnds.TAIL_BYTES));
        byte[] tail = source.read(size - tailLength, tailLength);
        ends = LtxEnds.parse(size, head, tail);
        index = readIndex(tail);
    }

    private LtxPageIndex readIndex(byte[] tail) throws IOException {
        long start = ends.indexStart();
        long inTail = start - (ends.size() - tail.length);
        byte[] known = new byte[0];
        if (inTail >= 0) {
            known = new byte[(int) ends.indexSize()];
            System.arraycopy(tail, (int) inTail, known, 0, known.length);
        }
        ByteSource bytes = new ByteSource(new RangeInputStream(source, start, ends.indexSize(), known), start);
        return LtxPageIndex.read(new PageIndexReader(bytes, 0), ends.header(), ends.generation(), ends.framesEnd());
    }

    /** The header. Its rules hold. */
    public LtxHeader header() {
        return ends.header();
    }

    /** The generation that the file was found to be. */
    public LtxGeneration generation() {
        return ends.generation();
    }

    /** The trailer. Its file checksum has not been compared with anything. */
    public LtxTrailer trailer() {
        return ends.trailer();
    }

    /** Which pages the file holds, and where. */
    public LtxPageIndex index() {
        return index;
    }

    /**
     * Reads one page.
     *
     * @param i which entry of the index
     * @param page where to put it, at least one page long
     */
    public void readPage(int i, byte[] page) throws IOException {
        long offset = index.offset(i);
        decodePage(i, source.read(offset, index.size(i)), page);
    }

    /**
     * Decodes one page from its frame, for callers that read the ranges themselves.
     *
     * @param i which entry of the index
     * @param frame the bytes at that entry's offset, as many as its size
     * @param page where to put it, at least one page long
     */
    public void decodePage(int i, byte[] frame, byte[] page) throws IOException {
        if (page.length < ends.header().pageSize()) {
            throw new IllegalArgumentException("buffer of " + page.length + " bytes for pages of "
                    + ends.header().pageSize());
        }
        long offset = index.offset(i);
        ByteSource bytes = new ByteSource(new ByteArrayInputStream(frame), offset);
        PageFrameReader reader =
                new PageFrameReader(ends.generation(), ends.header().pageSize(), bytes, 0);
        int pgno = reader.readHeader();
        if (pgno != index.pgno(i)) {
            throw new LtxFormatException(
                    LtxError.INDEX_MISMATCH,
                    offset,
                    "page " + Integer.toUnsignedString(pgno) + " where the page index has page "
                            + Integer.toUnsignedString(index.pgno(i)));
        }
        reader.readPage(page);
        if (bytes.read() >= 0) {
            throw new LtxFormatException(
                    LtxError.INDEX_MISMATCH, offset, "the page index gives the page's frame more bytes than it has");
        }
    }
}
