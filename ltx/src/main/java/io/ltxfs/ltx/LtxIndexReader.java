package io.ltxfs.ltx;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

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

    /** The header and enough behind it to tell the generation. */
    private static final int HEAD_READ = LtxLayout.HEADER_SIZE + 31;

    private final RangeSource source;
    private final LtxHeader header;
    private final LtxGeneration generation;
    private final LtxPageIndex index;
    private final LtxTrailer trailer;

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
        if (size < LtxLayout.HEADER_SIZE) {
            throw new LtxFormatException(LtxError.TRUNCATED, size, "the file ends in the header");
        }
        byte[] head = source.read(0, (int) Math.min(size, HEAD_READ));
        header = LtxHeader.parse(head);
        header.validate(LtxLayout.FLAG_NO_CHECKSUM | LtxLayout.FLAG_V1_LZ4);
        InputStream behind = new ByteArrayInputStream(head, LtxLayout.HEADER_SIZE, head.length - LtxLayout.HEADER_SIZE);
        generation = GenerationDetector.detect(header, new ByteSource(behind, LtxLayout.HEADER_SIZE), size);
        if (!generation.hasIndex()) {
            throw new LtxFormatException(
                    LtxError.INDEX_ABSENT, size, "generation " + generation + " has no page index");
        }
        header.validate();
        int sizeMin = LtxLayout.HEADER_SIZE + generation.pageHeaderSize() + 1 + LtxLayout.TAIL_SIZE;
        if (size < sizeMin) {
            throw new LtxFormatException(LtxError.TRUNCATED, size, "the file ends before byte " + sizeMin);
        }
        int tailLength = (int) Math.min(size, Math.max(tailRead, LtxLayout.TAIL_SIZE));
        byte[] tail = source.read(size - tailLength, tailLength);
        byte[] end = new byte[LtxTrailer.SIZE];
        System.arraycopy(tail, tailLength - end.length, end, 0, end.length);
        trailer = LtxTrailer.decode(end);
        LtxTrailer.validatePostApply(header, trailer.postApplyChecksum(), size - LtxTrailer.SIZE);
        index = readIndex(size, tail);
    }

    private LtxPageIndex readIndex(long size, byte[] tail) throws IOException {
        long sizeField = size - LtxLayout.TAIL_SIZE;
        long indexSize = LtxLayout.getLong(tail, tail.length - LtxLayout.TAIL_SIZE);
        long indexSizeMax = sizeField - LtxLayout.HEADER_SIZE - generation.pageHeaderSize();
        if (indexSize < 1 || indexSize > indexSizeMax) {
            throw new LtxFormatException(
                    LtxError.INDEX_SIZE,
                    sizeField,
                    "the page index's size is said to be " + Long.toUnsignedString(indexSize)
                            + ", there is room for 1 to " + indexSizeMax);
        }
        long start = sizeField - indexSize;
        long length = indexSize + LtxLayout.INDEX_SIZE_SIZE;
        long inTail = start - (size - tail.length);
        byte[] known = new byte[0];
        if (inTail >= 0) {
            known = new byte[(int) length];
            System.arraycopy(tail, (int) inTail, known, 0, known.length);
        }
        ByteSource bytes = new ByteSource(new RangeInputStream(source, start, length, known), start);
        return LtxPageIndex.read(
                new PageIndexReader(bytes, 0), header, generation, start - generation.pageHeaderSize());
    }

    /** The header. Its rules hold. */
    public LtxHeader header() {
        return header;
    }

    /** The generation that the file was found to be. */
    public LtxGeneration generation() {
        return generation;
    }

    /** The trailer. Its file checksum has not been compared with anything. */
    public LtxTrailer trailer() {
        return trailer;
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
        if (page.length < header.pageSize()) {
            throw new IllegalArgumentException("buffer of " + page.length + " bytes for pages of " + header.pageSize());
        }
        long offset = index.offset(i);
        ByteSource bytes = new ByteSource(new ByteArrayInputStream(frame), offset);
        PageFrameReader reader = new PageFrameReader(generation, header.pageSize(), bytes, 0);
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
