package io.ltxfs.ltx;

import java.io.IOException;

/**
 * Tells the generations apart by the bytes behind the header.
 *
 * <p>Only one case is a guess: raw pages of the first generation look like anything. They are recognised by the
 * file's size where that is known, else by a first page that starts as pages of SQLite do. A caller who knows better
 * can say so.
 */
final class GenerationDetector {
    private static final int LOOK_AHEAD = 31;
    private static final int TRAILER_V1 = LtxGeneration.V1_RAW.pageHeaderSize() + LtxLayout.TRAILER_SIZE;
    private static final int TRAILER_V2 =
            LtxGeneration.V2.pageHeaderSize() + 1 + LtxLayout.INDEX_SIZE_SIZE + LtxLayout.TRAILER_SIZE;
    private static final int LZ4_MAGIC = Integer.reverseBytes(Lz4FrameReader.MAGIC);
    private static final int SQLITE_MAGIC = 0x53514C69;

    private GenerationDetector() {}

    /**
     * Looks at what follows the header without consuming it.
     *
     * @param size the file's size in bytes, or -1 if it is not known
     */
    static LtxGeneration detect(LtxHeader header, ByteSource source, long size) throws IOException {
        int available = source.available(LOOK_AHEAD);
        byte[] b = new byte[LOOK_AHEAD];
        System.arraycopy(source.peek(available), 0, b, 0, available);
        int first = LtxLayout.getInt(b, 0);
        if ((header.flags() & LtxLayout.FLAG_V1_LZ4) != 0) {
            return v1Lz4(header, first);
        }
        if (first == 0) {
            return withoutPages(b, available);
        }
        int second = LtxLayout.getInt(b, LtxLayout.PGNO_SIZE);
        if (second == LZ4_MAGIC) {
            return LtxGeneration.V2;
        }
        int flags = LtxLayout.getShort(b, LtxLayout.PAGE_FLAGS_OFFSET);
        int third = LtxLayout.getInt(b, LtxLayout.PAGE_HEADER_SIZE);
        if (flags == 0 && third == LZ4_MAGIC) {
            return LtxGeneration.V3_FRAME;
        }
        boolean blockLike = flags == LtxLayout.PAGE_FLAG_BLOCK
                && third != 0
                && Integer.compareUnsigned(third, LtxLayout.blockLengthMax(header.pageSize())) <= 0;
        if (!blockLike && isRaw(header, size, second, b[LtxLayout.PGNO_SIZE])) {
            return LtxGeneration.V1_RAW;
        }
        return LtxGeneration.V3_BLOCK;
    }

    private static LtxGeneration v1Lz4(LtxHeader header, int first) throws LtxFormatException {
        if (first != LZ4_MAGIC) {
            throw new LtxFormatException(
                    LtxError.BAD_FLAGS,
                    LtxLayout.FLAGS_OFFSET,
                    String.format("header flags 0x%08x announce an LZ4 frame, but none follows", header.flags()));
        }
        return LtxGeneration.V1_LZ4;
    }

    /** Without pages, only the number of bytes that follow tells; what must be at fixed places is looked at too. */
    private static LtxGeneration withoutPages(byte[] b, int available) {
        if (available == TRAILER_V1 && hasFlag(b, TRAILER_V1 - Long.BYTES)) {
            return LtxGeneration.V1_RAW;
        }
        boolean indexOfOne = LtxLayout.getLong(b, LtxGeneration.V2.pageHeaderSize() + 1) == 1;
        if (available == TRAILER_V2 && indexOfOne && hasFlag(b, TRAILER_V2 - Long.BYTES)) {
            return LtxGeneration.V2;
        }
        return LtxGeneration.V3_BLOCK;
    }

    private static boolean hasFlag(byte[] b, int checksumOffset) {
        return (LtxLayout.getLong(b, checksumOffset) & PageChecksum.FLAG) != 0;
    }

    private static boolean isRaw(LtxHeader header, long size, int second, byte pageType) {
        if (size >= 0) {
            long rest = size - LtxLayout.HEADER_SIZE - TRAILER_V1;
            int frame = LtxLayout.PGNO_SIZE + header.pageSize();
            return rest >= frame && rest % frame == 0;
        }
        // The types of b-tree pages: interior and leaf, of an index and of a table.
        return second == SQLITE_MAGIC || pageType == 2 || pageType == 5 || pageType == 10 || pageType == 13;
    }
}
