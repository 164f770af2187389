package io.ltxfs.ltx;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Decodes page frames of one generation and keeps the file's CRC over them. */
final class PageFrameReader {
    private final LtxGeneration generation;
    private final int pageSize;
    private final ByteSource source;
    private final byte[] field = new byte[LtxLayout.PAGE_HEADER_SIZE];
    private byte[] block = new byte[0];
    private @Nullable Lz4FrameReader frame;
    private int pageFlags;
    private long crc;

    PageFrameReader(LtxGeneration generation, int pageSize, ByteSource source, long crc) {
        this.generation = generation;
        this.pageSize = pageSize;
        this.source = source;
        this.crc = crc;
    }

    /** The CRC over everything read so far. */
    long crc() {
        return crc;
    }

    /**
     * Reads a page header.
     *
     * @return the page number, or 0 for the marker that ends the pages
     */
    int readHeader() throws IOException {
        long at = source.offset();
        int size = generation.pageHeaderSize();
        source.readFully(field, 0, size, "page header or end-of-pages marker");
        crc = Crc64.update(crc, field, 0, size);
        int pgno = LtxLayout.getInt(field, 0);
        if (size == LtxLayout.PGNO_SIZE) {
            return pgno;
        }
        pageFlags = LtxLayout.getShort(field, LtxLayout.PAGE_FLAGS_OFFSET);
        if (pgno == 0 && pageFlags != 0) {
            throw new LtxFormatException(LtxError.PGNO_REQUIRED, at, "page number 0 in a page frame");
        }
        if ((pageFlags & ~LtxLayout.PAGE_FLAG_BLOCK) != 0) {
            throw new LtxFormatException(
                    LtxError.BAD_PAGE_FLAGS,
                    at + LtxLayout.PAGE_FLAGS_OFFSET,
                    String.format("unknown page flags 0x%04x", pageFlags));
        }
        return pgno;
    }

    /** Reads the page behind the header just read. */
    void readPage(byte[] page) throws IOException {
        switch (generation) {
            case V1_RAW, V1_LZ4 -> source.readFully(page, 0, pageSize, "page");
            case V2 -> readFrame(page);
            case V3_FRAME, V3_BLOCK -> {
                if (pageFlags == LtxLayout.PAGE_FLAG_BLOCK) {
                    readBlock(page);
                } else {
                    readFrame(page);
                }
            }
        }
        crc = Crc64.update(crc, page, 0, pageSize);
    }

    private void readBlock(byte[] page) throws IOException {
        long at = source.offset();
        source.readFully(field, 0, LtxLayout.BLOCK_LENGTH_SIZE, "length of the page's LZ4 block");
        crc = Crc64.update(crc, field, 0, LtxLayout.BLOCK_LENGTH_SIZE);
        int length = LtxLayout.getInt(field, 0);
        if (length == 0) {
            throw new LtxFormatException(LtxError.LZ4_EMPTY_BLOCK, at, "LZ4 block of no bytes");
        }
        int lengthMax = LtxLayout.blockLengthMax(pageSize);
        if (Integer.compareUnsigned(length, lengthMax) > 0) {
            throw new LtxFormatException(
                    LtxError.BLOCK_SIZE_TOO_LARGE,
                    at,
                    "LZ4 block of " + Integer.toUnsignedString(length) + " bytes, the most for a page is " + lengthMax);
        }
        if (block.length < length) {
            block = new byte[lengthMax];
        }
        long blockAt = source.offset();
        source.readFully(block, 0, length, "page's LZ4 block");
        int produced = Lz4.FASTEST.decode(block, length, page, 0, pageSize, LtxError.LZ4_TOO_LONG, blockAt);
        checkLength(produced, blockAt);
    }

    private void readFrame(byte[] page) throws IOException {
        long at = source.offset();
        if (frame == null) {
            frame = new Lz4FrameReader(source);
        }
        frame.start();
        int produced = 0;
        int count = frame.nextBlock(page, 0, pageSize);
        while (count >= 0) {
            produced += count;
            count = frame.nextBlock(page, produced, pageSize - produced);
        }
        checkLength(produced, at);
    }

    private void checkLength(int produced, long at) throws LtxFormatException {
        if (produced != pageSize) {
            throw new LtxFormatException(
                    LtxError.PAGE_LENGTH, at, "LZ4 data yields " + produced + " bytes, a page has " + pageSize);
        }
    }
}
