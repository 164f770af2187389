package io.ltxfs.fusefs.host;

import io.ltxfs.database.Database.WalTail;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Publishes captured commits that their writer did not live to publish (rule C3): live connections do not see them, a
 * recovery would, and the next writer would overwrite them. Done as SQLite's writer does it, by reading and writing
 * {@code X-shm} while WRITE is held: page numbers, then hash slots, then both copies of the header in one write.
 */
public final class WalIndexPublisher {

    /** Reads and writes of the wal-index; direct buffers. */
    public interface Index {
        /** Fills the buffer as far as the file reaches and advances it. */
        void read(ByteBuffer target, long offset) throws IOException;

        /** Writes what is between position and limit, in one system call. */
        void write(ByteBuffer source, long offset) throws IOException;
    }

    /** What came of it. */
    public enum Outcome {
        /** The wal-index shows everything captured, by this call or before. */
        PUBLISHED,
        /** The wal-index speaks of another WAL, is ahead, or is to be recovered by SQLite: nothing was written. */
        LEFT
    }

    private WalIndexPublisher() {}

    /** Whether the wal-index shows everything up to {@code tail} already. No lock is needed: if it is in doubt, it does not. */
    static boolean isPublished(Index index, WalTail tail) throws IOException {
        WalIndexLayout.Header header = header(index, direct(WalIndexLayout.PREFIX_BYTES));
        return header != null && isOf(header, tail) && header.mxFrame() >= tail.mxFrame();
    }

    /** Brings the wal-index to {@code tail}. The caller holds WRITE. */
    public static Outcome publish(Index index, WalTail tail) throws IOException {
        ByteBuffer prefix = direct(WalIndexLayout.PREFIX_BYTES);
        WalIndexLayout.Header header = header(index, prefix);
        if (header == null) {
            return Outcome.LEFT;
        }
        boolean same = isOf(header, tail);
        if (same && header.mxFrame() >= tail.mxFrame()) {
            return header.mxFrame() == tail.mxFrame() ? Outcome.PUBLISHED : Outcome.LEFT;
        }
        if (!same && !isFirstOfNewWal(header, prefix, tail)) {
            return Outcome.LEFT;
        }
        enterFrames(index, header.mxFrame(), tail);
        writeHeaders(index, header.change() + 1, tail);
        return Outcome.PUBLISHED;
    }

    /** Reads the beginning of the wal-index. @return its header; null if there is none, or its two copies differ */
    static WalIndexLayout.@Nullable Header header(Index index, ByteBuffer prefix) throws IOException {
        index.read(prefix, 0);
        if (prefix.hasRemaining()) {
            return null;
        }
        WalIndexLayout.Header header = WalIndexLayout.header(prefix, 0);
        boolean whole = header != null && header.equals(WalIndexLayout.header(prefix, WalIndexLayout.HEADER_BYTES));
        return whole ? header : null;
    }

    private static boolean isOf(WalIndexLayout.Header header, WalTail tail) {
        return header.salt1() == tail.salt1() && header.salt2() == tail.salt2();
    }

    /**
     * Before the first commit into a new WAL the wal-index has no salts of it yet. A restarted WAL is another case: its
     * next salts are in the wal-index already, the first one up by one, and the old frames are in the database.
     */
    private static boolean isFirstOfNewWal(WalIndexLayout.Header header, ByteBuffer prefix, WalTail tail) {
        return header.mxFrame() == 0 && WalIndexLayout.backfilled(prefix) == 0 && header.salt1() != tail.salt1() + 1;
    }

    private static void enterFrames(Index index, int mxFrame, WalTail tail) throws IOException {
        int frame = mxFrame + 1;
        ByteBuffer table = direct(WalIndexLayout.REGION_BYTES);
        while (frame <= tail.mxFrame()) {
            int region = WalIndexLayout.regionOf(frame);
            int last = Math.min(tail.mxFrame(), WalIndexLayout.lastFrame(region));
            long start = (long) region * WalIndexLayout.REGION_BYTES;
            table.clear();
            index.read(table, start);
            while (table.hasRemaining()) {
                table.put((byte) 0);
            }
            if (frame == WalIndexLayout.frameBefore(region) + 1) {
                WalIndexLayout.clear(table, region);
            } else {
                WalIndexLayout.removeAfter(table, region, mxFrame);
            }
            for (; frame <= last; frame++) {
                WalIndexLayout.append(table, region, frame, tail.framePages()[frame - 1]);
            }
            write(index, table, start, WalIndexLayout.pageNumbersOffset(region), WalIndexLayout.hashOffset());
            write(index, table, start, WalIndexLayout.hashOffset(), WalIndexLayout.REGION_BYTES);
        }
    }

    private static void write(Index index, ByteBuffer table, long start, int from, int to) throws IOException {
        table.limit(to).position(from);
        index.write(table, start + from);
        table.clear();
    }

    private static void writeHeaders(Index index, int change, WalTail tail) throws IOException {
        ByteBuffer headers = direct(2 * WalIndexLayout.HEADER_BYTES);
        WalIndexLayout.putHeaders(
                headers,
                new WalIndexLayout.Header(
                        change,
                        tail.bigEndianChecksums(),
                        tail.pageSize(),
                        tail.mxFrame(),
                        tail.commit(),
                        tail.checksum1(),
                        tail.checksum2(),
                        tail.salt1(),
                        tail.salt2()));
        headers.flip();
        index.write(headers, 0);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
