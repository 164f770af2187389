package io.ltxfs.ltx;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Decodes page frames that are in memory, from buffer to buffer, without allocating anything for a frame of the
 * current generation. The buffers may be direct.
 *
 * <p>Not for use by several threads at once.
 */
public final class LtxFrameDecoder {
    private final LtxGeneration generation;
    private final int pageSize;
    private final int headerSize;
    private final int blockLengthMax;

    /** Frames of one file. */
    public LtxFrameDecoder(LtxGeneration generation, int pageSize) {
        if (!generation.hasIndex()) {
            throw new IllegalArgumentException("generation " + generation + " has no frames to be found by an index");
        }
        this.generation = generation;
        this.pageSize = pageSize;
        this.headerSize = generation.pageHeaderSize();
        this.blockLengthMax = LtxLayout.blockLengthMax(pageSize);
    }

    /**
     * Decodes one page.
     *
     * @param from big-endian; position and limit are not changed
     * @param at where the frame begins in it
     * @param size the frame's length as the index has it
     * @param pgno the page that must be in it
     * @param offset where the frame is in the file, for the message
     * @param to where to put the page; position and limit are not changed
     * @param toAt where in it
     * @return how many bytes of the frame's start count in the file checksum, before the page
     * @throws LtxFormatException if the frame is wrong, or not this page's
     */
    public int decode(ByteBuffer from, int at, int size, int pgno, long offset, ByteBuffer to, int toAt)
            throws IOException {
        if (size <= headerSize) {
            throw new LtxFormatException(LtxError.TRUNCATED, offset, "a page frame of " + size + " bytes");
        }
        int found = from.getInt(at);
        int flags = headerSize == LtxLayout.PGNO_SIZE ? 0 : from.getShort(at + LtxLayout.PAGE_FLAGS_OFFSET) & 0xffff;
        if (found != pgno) {
            throw new LtxFormatException(
                    LtxError.INDEX_MISMATCH,
                    offset,
                    "page " + Integer.toUnsignedString(found) + " where the page index has page "
                            + Integer.toUnsignedString(pgno));
        }
        if ((flags & ~LtxLayout.PAGE_FLAG_BLOCK) != 0) {
            throw new LtxFormatException(
                    LtxError.BAD_PAGE_FLAGS,
                    offset + LtxLayout.PAGE_FLAGS_OFFSET,
                    String.format("unknown page flags 0x%04x", flags));
        }
        if (flags == 0) {
            decodeFrame(from, at, size, offset, to, toAt);
            return headerSize;
        }
        int blockAt = at + headerSize + LtxLayout.BLOCK_LENGTH_SIZE;
        int length = size - headerSize - LtxLayout.BLOCK_LENGTH_SIZE;
        if (length <= 0 || from.getInt(at + headerSize) != length) {
            throw new LtxFormatException(
                    LtxError.INDEX_MISMATCH,
                    offset,
                    "the page index gives the page's frame another length than it has");
        }
        if (length > blockLengthMax) {
            throw new LtxFormatException(
                    LtxError.BLOCK_SIZE_TOO_LARGE,
                    offset + headerSize,
                    "LZ4 block of " + length + " bytes, the most for a page is " + blockLengthMax);
        }
        Lz4.FASTEST.decode(from, blockAt, length, to, toAt, pageSize, offset + blockAt - at);
        return headerSize + LtxLayout.BLOCK_LENGTH_SIZE;
    }

    /** What older writers have; a few small objects a page. */
    private void decodeFrame(ByteBuffer from, int at, int size, long offset, ByteBuffer to, int toAt)
            throws IOException {
        byte[] frame = new byte[size];
        from.get(at, frame, 0, size);
        ByteSource source = new ByteSource(frame, offset);
        PageFrameReader reader = new PageFrameReader(generation, pageSize, source, 0);
        reader.readHeader();
        byte[] page = new byte[pageSize];
        reader.readPage(page);
        if (source.read() >= 0) {
            throw new LtxFormatException(
                    LtxError.INDEX_MISMATCH, offset, "the page index gives the page's frame more bytes than it has");
        }
        to.put(toAt, page, 0, pageSize);
    }
}
