package io.ltxfs.fusefs.replica;

import io.ltxfs.fusefs.host.WalIndexLayout;
import io.ltxfs.fusefs.own.OwnFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Writes the wal-index while WRITE is held, for jobs of own threads (rules E2, E3, E6, E7). Numbers and slots of a
 * transaction go in one write for each region, both headers in another: never the headers first.
 */
final class IndexWriter {
    private static final int SLOT_ALIGNMENT = 8;

    private IndexWriter() {}

    /**
     * Enters frames and publishes them.
     *
     * @param first the first frame to enter
     * @param pages of the frames from {@code first} on
     */
    static void publish(OwnFile index, int first, int[] pages, WalIndexLayout.Header header, ByteBuffer region)
            throws IOException {
        enter(index, first, pages, region);
        headers(index, header, region);
    }

    static void enter(OwnFile index, int first, int[] pages, ByteBuffer table) throws IOException {
        int frame = first;
        int end = first + pages.length - 1;
        while (frame <= end) {
            int region = WalIndexLayout.regionOf(frame);
            int last = Math.min(end, WalIndexLayout.lastFrame(region));
            long start = (long) region * WalIndexLayout.REGION_BYTES;
            table.clear().order(ByteOrder.nativeOrder());
            index.read(table, start);
            while (table.hasRemaining()) {
                table.put((byte) 0);
            }
            int from = WalIndexLayout.pageNumbersOffset(region);
            int to = WalIndexLayout.REGION_BYTES;
            if (frame == WalIndexLayout.frameBefore(region) + 1) {
                WalIndexLayout.clear(table, region);
            } else if (WalIndexLayout.isTaken(table, region, frame)) {
                WalIndexLayout.removeAfter(table, region, frame - 1);
            } else {
                from += (frame - 1 - WalIndexLayout.frameBefore(region)) * Integer.BYTES & -SLOT_ALIGNMENT;
                to = 0;
            }
            int highest = 0;
            for (; frame <= last; frame++) {
                highest = Math.max(highest, WalIndexLayout.append(table, region, frame, pages[frame - first]));
            }
            if (to == 0) {
                to = (highest & -SLOT_ALIGNMENT) + SLOT_ALIGNMENT;
            }
            table.limit(to).position(from);
            index.write(table, start + from);
        }
    }

    /** Both copies in one write (E7). */
    static void headers(OwnFile index, WalIndexLayout.Header header, ByteBuffer buffer) throws IOException {
        buffer.clear();
        WalIndexLayout.putHeaders(buffer, header);
        buffer.flip();
        index.write(buffer, 0);
    }

    /**
     * What checkpoints and readers know, as of a WAL that begins anew or was recovered; READ1 to READ4 are held (E3).
     *
     * @param mxFrame 0, or the last frame of a recovered WAL
     */
    static void marks(OwnFile index, int mxFrame, ByteBuffer buffer) throws IOException {
        buffer.clear().order(ByteOrder.nativeOrder());
        buffer.putInt(0);
        buffer.putInt(0);
        buffer.putInt(mxFrame);
        for (int i = 2; i <= 4; i++) {
            buffer.putInt(WalIndexLayout.MARK_UNUSED);
        }
        // The bytes of the locks, which nobody reads.
        buffer.putLong(0);
        buffer.putInt(mxFrame);
        buffer.putInt(0);
        buffer.flip();
        index.write(buffer, WalIndexLayout.BACKFILL_OFFSET);
    }
}
