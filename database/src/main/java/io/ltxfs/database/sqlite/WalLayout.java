package io.ltxfs.database.sqlite;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The write-ahead log (SQLite file format §4): offsets of its header and of a frame's header, and its checksum. */
public final class WalLayout {
    /** Length of the file's header in bytes. */
    public static final int HEADER_SIZE = 32;
    /** Length of a frame's header in bytes; the page follows. */
    public static final int FRAME_HEADER_SIZE = 24;

    /** The magic number without its lowest bit, which says whether checksums are computed on big-endian words. */
    public static final int MAGIC = 0x377f0682;

    /** The format that every SQLite writes. */
    public static final int FORMAT = 3007000;

    public static final int HEADER_MAGIC = 0;
    public static final int HEADER_PAGE_SIZE = 8;
    public static final int HEADER_CHECKPOINT_SEQUENCE = 12;
    public static final int HEADER_SALT = 16;
    public static final int HEADER_CHECKSUM = 24;

    public static final int FRAME_PGNO = 0;
    public static final int FRAME_COMMIT = 4;
    public static final int FRAME_SALT = 8;
    public static final int FRAME_CHECKSUM = 16;

    private static final VarHandle LITTLE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle BIG = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private WalLayout() {}

    /** Offset of the first byte of a frame, which are counted from 1. */
    public static long frameOffset(int frame, int pageSize) {
        return HEADER_SIZE + (frame - 1L) * (FRAME_HEADER_SIZE + pageSize);
    }

    /**
     * Carries the running checksum (WAL format §4.2) over a range whose length is a multiple of 8.
     *
     * @param state first half in the upper, second half in the lower 32 bits
     * @return the new state, in the same form
     */
    public static long checksum(long state, boolean bigEndian, byte[] bytes, int offset, int length) {
        VarHandle words = bigEndian ? BIG : LITTLE;
        int s0 = (int) (state >>> 32);
        int s1 = (int) state;
        for (int i = offset; i < offset + length; i += 8) {
            s0 += (int) words.get(bytes, i) + s1;
            s1 += (int) words.get(bytes, i + 4) + s0;
        }
        return (long) s0 << 32 | Integer.toUnsignedLong(s1);
    }
}
