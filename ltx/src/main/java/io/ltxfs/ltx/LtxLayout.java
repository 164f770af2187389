package io.ltxfs.ltx;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Where everything is in an LTX file: header, page frames, a marker, the page index, trailer.
 *
 * <pre>
 * +---------+--------------------------------+-----------+------------------------+---------+
 * | header  | frame | frame | ... | frame    | marker    | index entries, 00, u64 | trailer |
 * | 100     | 6 + 4 + n each                 | 6 zeros   | size + 8               | 16      |
 * +---------+--------------------------------+-----------+------------------------+---------+
 * </pre>
 *
 * <p>All offsets are from the start of their part, all fixed-width integers big-endian. What the older generations
 * have otherwise is told by {@link LtxGeneration}.
 */
final class LtxLayout {
    // Header
    static final int HEADER_SIZE = 100;
    static final int MAGIC = 0x4C545831;
    static final int MAGIC_OFFSET = 0;
    static final int FLAGS_OFFSET = 4;
    static final int PAGE_SIZE_OFFSET = 8;
    static final int COMMIT_OFFSET = 12;
    static final int MIN_TXID_OFFSET = 16;
    static final int MAX_TXID_OFFSET = 24;
    static final int TIMESTAMP_OFFSET = 32;
    static final int PRE_APPLY_OFFSET = 40;
    static final int WAL_OFFSET_OFFSET = 48;
    static final int WAL_SIZE_OFFSET = 56;
    static final int WAL_SALT1_OFFSET = 64;
    static final int WAL_SALT2_OFFSET = 68;
    static final int NODE_ID_OFFSET = 72;

    /** Header flag of the first generation: the page block is one LZ4 frame. */
    static final int FLAG_V1_LZ4 = 0x1;

    /** Header flag: no database checksums, neither before nor after. */
    static final int FLAG_NO_CHECKSUM = 0x2;

    static final int PAGE_SIZE_MIN = 512;
    static final int PAGE_SIZE_MAX = 65536;

    // Page frame
    static final int PGNO_SIZE = 4;
    static final int PAGE_HEADER_SIZE = 6;
    static final int PAGE_FLAGS_OFFSET = 4;
    static final int BLOCK_LENGTH_SIZE = 4;

    /** Page flag: a block length and one LZ4 block follow. */
    static final int PAGE_FLAG_BLOCK = 0x1;

    // Index
    static final int INDEX_SIZE_SIZE = 8;
    static final int UVARINT_SIZE_MAX = 10;

    // Trailer
    static final int TRAILER_SIZE = 16;
    static final int POST_APPLY_OFFSET = 0;
    static final int FILE_CHECKSUM_OFFSET = 8;

    /** Index size field and trailer: what a reader from the tail needs at least. */
    static final int TAIL_SIZE = INDEX_SIZE_SIZE + TRAILER_SIZE;

    private static final VarHandle INT_BE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG_BE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT_LE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private LtxLayout() {}

    static boolean isPageSize(int pageSize) {
        return pageSize >= PAGE_SIZE_MIN && pageSize <= PAGE_SIZE_MAX && Integer.bitCount(pageSize) == 1;
    }

    /** The longest LZ4 block that a page can become. */
    static int blockLengthMax(int pageSize) {
        return pageSize + pageSize / 255 + 16;
    }

    /** The offset of a page in a database file. */
    static long pageOffset(int pgno, int pageSize) {
        return (Integer.toUnsignedLong(pgno) - 1) * pageSize;
    }

    /** The size in bytes of a database of so many pages. */
    static long databaseSize(int commit, int pageSize) {
        return Integer.toUnsignedLong(commit) * pageSize;
    }

    static int getInt(byte[] bytes, int offset) {
        return (int) INT_BE.get(bytes, offset);
    }

    static void putInt(byte[] bytes, int offset, int value) {
        INT_BE.set(bytes, offset, value);
    }

    static int getShort(byte[] bytes, int offset) {
        return (bytes[offset] & 0xff) << 8 | bytes[offset + 1] & 0xff;
    }

    static void putShort(byte[] bytes, int offset, int value) {
        bytes[offset] = (byte) (value >>> 8);
        bytes[offset + 1] = (byte) value;
    }

    static long getLong(byte[] bytes, int offset) {
        return (long) LONG_BE.get(bytes, offset);
    }

    static void putLong(byte[] bytes, int offset, long value) {
        LONG_BE.set(bytes, offset, value);
    }

    /** LZ4 frames alone are little-endian. */
    static int getIntLittleEndian(byte[] bytes, int offset) {
        return (int) INT_LE.get(bytes, offset);
    }

    static void putIntLittleEndian(byte[] bytes, int offset, int value) {
        INT_LE.set(bytes, offset, value);
    }

    /**
     * Writes an unsigned number in groups of seven bits, the least significant first.
     *
     * @return the offset behind it
     */
    static int putUvarint(byte[] bytes, int offset, long value) {
        int at = offset;
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            bytes[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[at++] = (byte) rest;
        return at;
    }
}
