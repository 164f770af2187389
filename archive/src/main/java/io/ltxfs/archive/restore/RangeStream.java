package io.ltxfs.archive.restore;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** A range of an object as a stream, read piece by piece, so that it may be read slowly. */
final class RangeStream extends InputStream {
    private static final int PIECE_BYTES = 1 << 20;

    private final RangeReader reader;
    private final String key;
    private final long end;
    private final long tailStart;
    private final byte[] tail;
    private long next;
    private byte[] piece = new byte[0];
    private int position;

    /**
     * Makes one.
     *
     * @param offset of the first byte in the object
     * @param end behind the last one
     */
    RangeStream(RangeReader reader, String key, long offset, long end) {
        this(reader, key, offset, end, end, new byte[0]);
    }

    /**
     * The same where some bytes are there already.
     *
     * @param tailStart where in the object {@code tail} begins
     * @param tail has at least the bytes from {@code tailStart} to {@code end}
     */
    RangeStream(RangeReader reader, String key, long offset, long end, long tailStart, byte[] tail) {
        this.reader = reader;
        this.key = key;
        this.next = offset;
        this.end = end;
        this.tailStart = tailStart;
        this.tail = tail;
    }

    @Override
    public int read() throws IOException {
        return hasMore() ? piece[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!hasMore()) {
            return -1;
        }
        int count = Math.min(length, piece.length - position);
        System.arraycopy(piece, position, bytes, offset, count);
        position += count;
        return count;
    }

    private boolean hasMore() throws IOException {
        if (position < piece.length) {
            return true;
        }
        if (next == end) {
            return false;
        }
        if (next >= tailStart) {
            piece = Arrays.copyOfRange(tail, (int) (next - tailStart), (int) (end - tailStart));
        } else {
            piece = reader.read(key, next, (int) Math.min(PIECE_BYTES, Math.min(tailStart, end) - next));
        }
        next += piece.length;
        position = 0;
        return true;
    }
}
