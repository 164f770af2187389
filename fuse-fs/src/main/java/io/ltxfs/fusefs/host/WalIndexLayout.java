package io.ltxfs.fusefs.host;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The wal-index, {@code X-shm} (sqlite.org/walformat.html, "The WAL-Index File Format"): a header in two copies, what
 * checkpoints know, and hash tables from page number to frame in regions of 32 KiB. All numbers are in the machine's
 * byte order but the salts, which are the WAL header's bytes.
 */
public final class WalIndexLayout {
    public static final int REGION_BYTES = 32 * 1024;

    /** One copy of the header. */
    public static final int HEADER_BYTES = 48;

    /** Header, second copy, checkpoint information and lock bytes. */
    public static final int PREFIX_BYTES = 136;

    /** The value of the version field. */
    public static final int VERSION = 3007000;

    private static final int VERSION_OFFSET = 0;
    private static final int CHANGE_OFFSET = 8;
    private static final int INITIALISED_OFFSET = 12;
    private static final int BIG_ENDIAN_OFFSET = 13;
    private static final int PAGE_SIZE_OFFSET = 14;
    private static final int MX_FRAME_OFFSET = 16;
    private static final int PAGES_OFFSET = 20;
    private static final int FRAME_CHECKSUM_OFFSET = 24;
    private static final int SALT_OFFSET = 32;
    private static final int CHECKSUM_OFFSET = 40;
    /** How many frames are in the database file; the marks of readers follow. */
    public static final int BACKFILL_OFFSET = 96;

    /** The mark of READ0; the others follow. */
    public static final int MARKS_OFFSET = 100;

    /** How many frames some checkpoint may have brought to the database file. */
    public static final int BACKFILL_ATTEMPTED_OFFSET = 128;

    /** A mark that nobody uses. */
    public static final int MARK_UNUSED = -1;

    private static final int FRAMES_PER_REGION = 4096;
    private static final int SLOTS = 8192;
    private static final int SLOT_BYTES = 2;
    private static final int PAGE_NUMBER_BYTES = 4;
    private static final int HASH_FACTOR = 383;
    private static final int HASH_OFFSET = FRAMES_PER_REGION * PAGE_NUMBER_BYTES;
    private static final int FRAMES_IN_FIRST = FRAMES_PER_REGION - PREFIX_BYTES / PAGE_NUMBER_BYTES;

    private WalIndexLayout() {}

    /**
     * The header's fields.
     *
     * @param change counts transactions
     * @param mxFrame the last committed frame
     * @param pages size of the database, in pages
     * @param frameChecksum1 of the last frame
     */
    public record Header(
            int change,
            boolean bigEndianChecksums,
            int pageSize,
            int mxFrame,
            int pages,
            int frameChecksum1,
            int frameChecksum2,
            int salt1,
            int salt2) {}

    /**
     * Reads a copy of the header.
     *
     * @param offset of the copy in {@code prefix}
     * @return null if it was never written or its checksum is wrong
     */
    public static @Nullable Header header(ByteBuffer prefix, int offset) {
        ByteBuffer copy = prefix.duplicate()
                .order(ByteOrder.nativeOrder())
                .position(offset)
                .slice()
                .order(ByteOrder.nativeOrder());
        long checksum = checksum(copy);
        if (copy.get(INITIALISED_OFFSET) == 0
                || copy.getInt(VERSION_OFFSET) != VERSION
                || copy.getLong(CHECKSUM_OFFSET) != packed((int) checksum, (int) (checksum >>> 32))) {
            return null;
        }
        int size = copy.getShort(PAGE_SIZE_OFFSET) & 0xffff;
        ByteBuffer salts = copy.duplicate().order(ByteOrder.BIG_ENDIAN);
        return new Header(
                copy.getInt(CHANGE_OFFSET),
                copy.get(BIG_ENDIAN_OFFSET) != 0,
                (size & 0xfe00) | (size & 1) << 16,
                copy.getInt(MX_FRAME_OFFSET),
                copy.getInt(PAGES_OFFSET),
                copy.getInt(FRAME_CHECKSUM_OFFSET),
                copy.getInt(FRAME_CHECKSUM_OFFSET + 4),
                salts.getInt(SALT_OFFSET),
                salts.getInt(SALT_OFFSET + 4));
    }

    /** Writes both copies of the header at the buffer's position, which moves behind them. */
    public static void putHeaders(ByteBuffer target, Header header) {
        ByteBuffer copy = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.nativeOrder());
        copy.putInt(VERSION_OFFSET, VERSION);
        copy.putInt(CHANGE_OFFSET, header.change());
        copy.put(INITIALISED_OFFSET, (byte) 1);
        copy.put(BIG_ENDIAN_OFFSET, (byte) (header.bigEndianChecksums() ? 1 : 0));
        copy.putShort(PAGE_SIZE_OFFSET, (short) ((header.pageSize() & 0xff00) | header.pageSize() >> 16));
        copy.putInt(MX_FRAME_OFFSET, header.mxFrame());
        copy.putInt(PAGES_OFFSET, header.pages());
        copy.putInt(FRAME_CHECKSUM_OFFSET, header.frameChecksum1());
        copy.putInt(FRAME_CHECKSUM_OFFSET + 4, header.frameChecksum2());
        copy.order(ByteOrder.BIG_ENDIAN);
        copy.putInt(SALT_OFFSET, header.salt1());
        copy.putInt(SALT_OFFSET + 4, header.salt2());
        copy.order(ByteOrder.nativeOrder());
        long checksum = checksum(copy);
        copy.putInt(CHECKSUM_OFFSET, (int) checksum);
        copy.putInt(CHECKSUM_OFFSET + 4, (int) (checksum >>> 32));
        target.put(copy.duplicate()).put(copy);
    }

    /** How many frames a checkpoint has copied. */
    public static int backfilled(ByteBuffer prefix) {
        return prefix.duplicate().order(ByteOrder.nativeOrder()).getInt(BACKFILL_OFFSET);
    }

    /** The WAL's checksum over the header up to its checksum; second half in the upper word. */
    private static long checksum(ByteBuffer copy) {
        int s1 = 0;
        int s2 = 0;
        for (int i = 0; i < CHECKSUM_OFFSET; i += 8) {
            s1 += copy.getInt(i) + s2;
            s2 += copy.getInt(i + 4) + s1;
        }
        return (s1 & 0xffffffffL) | (long) s2 << 32;
    }

    private static long packed(int first, int second) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.nativeOrder())
                .putInt(first)
                .putInt(second)
                .getLong(0);
    }

    /** The region that holds a frame, from 0. */
    public static int regionOf(int frame) {
        return frame <= FRAMES_IN_FIRST ? 0 : 1 + (frame - FRAMES_IN_FIRST - 1) / FRAMES_PER_REGION;
    }

    /** The frame before the first one of a region. */
    public static int frameBefore(int region) {
        return region == 0 ? 0 : FRAMES_IN_FIRST + (region - 1) * FRAMES_PER_REGION;
    }

    /** The last frame that a region has room for. */
    public static int lastFrame(int region) {
        return frameBefore(region + 1);
    }

    /** Where a region's page numbers begin in it. */
    public static int pageNumbersOffset(int region) {
        return region == 0 ? PREFIX_BYTES : 0;
    }

    /** Where a region's hash slots begin in it: right behind its page numbers. */
    public static int hashOffset() {
        return HASH_OFFSET;
    }

    /** Empties a region's table. @param table the region, page numbers and slots are changed */
    public static void clear(ByteBuffer table, int region) {
        for (int i = pageNumbersOffset(region); i < REGION_BYTES; i += 4) {
            table.putInt(i, 0);
        }
    }

    /** Removes what a region holds of frames after {@code mxFrame}: leftovers of a writer that gave up. */
    public static void removeAfter(ByteBuffer table, int region, int mxFrame) {
        int kept = mxFrame - frameBefore(region);
        for (int slot = 0; slot < SLOTS; slot++) {
            int at = HASH_OFFSET + slot * SLOT_BYTES;
            if ((table.getShort(at) & 0xffff) > kept) {
                table.putShort(at, (short) 0);
            }
        }
        for (int i = pageNumbersOffset(region) + kept * PAGE_NUMBER_BYTES; i < HASH_OFFSET; i += PAGE_NUMBER_BYTES) {
            table.putInt(i, 0);
        }
    }

    /** Enters a frame's page into its region's table. @return where its hash slot is in the region */
    public static int append(ByteBuffer table, int region, int frame, int page) {
        int index = frame - frameBefore(region);
        table.putInt(pageNumbersOffset(region) + (index - 1) * PAGE_NUMBER_BYTES, page);
        int slot = page * HASH_FACTOR & SLOTS - 1;
        while (table.getShort(HASH_OFFSET + slot * SLOT_BYTES) != 0) {
            slot = slot + 1 & SLOTS - 1;
        }
        table.putShort(HASH_OFFSET + slot * SLOT_BYTES, (short) index);
        return HASH_OFFSET + slot * SLOT_BYTES;
    }

    /** Whether a region has an entry for a frame already: a writer's that gave up. */
    public static boolean isTaken(ByteBuffer table, int region, int frame) {
        return table.getInt(pageNumbersOffset(region) + (frame - frameBefore(region) - 1) * PAGE_NUMBER_BYTES) != 0;
    }
}
