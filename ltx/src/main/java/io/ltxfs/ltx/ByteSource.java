package io.ltxfs.ltx;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * A buffered input that knows its offset, can look ahead a little, and tells the end of the input from the end of the
 * data: a read of a field that is not there is an error with a name, never a short read.
 */
final class ByteSource {
    private static final int BUFFER_SIZE = 16 * 1024;

    private final InputStream in;
    private final @Nullable ByteSource outer;
    private final byte[] buffer;
    private int position;
    private int limit;
    private long limitOffset;

    ByteSource(InputStream in, long offset) {
        this.in = in;
        this.outer = null;
        this.buffer = new byte[BUFFER_SIZE];
        this.limitOffset = offset;
    }

    /** Bytes that are all there, and that belong to it from here on. */
    ByteSource(byte[] bytes, long offset) {
        this.in = InputStream.nullInputStream();
        this.outer = null;
        this.buffer = bytes;
        this.limit = bytes.length;
        this.limitOffset = offset + bytes.length;
    }

    /**
     * An input that is decoded from another one: offsets are those of the other one, which is what a person can look
     * up.
     */
    ByteSource(InputStream in, ByteSource outer) {
        this.in = in;
        this.outer = outer;
        this.buffer = new byte[BUFFER_SIZE];
    }

    /** The offset in the file of the next byte, in bytes. */
    long offset() {
        return outer != null ? outer.offset() : limitOffset - (limit - position);
    }

    /** Looks ahead: how many of the next {@code wanted} bytes (at most the buffer's size) there are. */
    int available(int wanted) throws IOException {
        if (limit - position < wanted) {
            System.arraycopy(buffer, position, buffer, 0, limit - position);
            limit -= position;
            position = 0;
            while (limit < wanted && fill()) {
                // Until enough is there or the input ends.
            }
        }
        return Math.min(wanted, limit - position);
    }

    /** Copies what {@link #available} found, without moving. */
    byte[] peek(int length) {
        byte[] bytes = new byte[length];
        System.arraycopy(buffer, position, bytes, 0, length);
        return bytes;
    }

    /** The next byte as 0 to 255, or -1 at the end of the input. */
    int read() throws IOException {
        if (position == limit) {
            position = 0;
            limit = 0;
            if (!fill()) {
                return -1;
            }
        }
        return buffer[position++] & 0xff;
    }

    /**
     * Reads exactly so many bytes.
     *
     * @param what the field that is read, for the message
     * @throws LtxFormatException with {@link LtxError#TRUNCATED} if the input ends before
     */
    void readFully(byte[] bytes, int offset, int length, String what) throws IOException {
        readFully(bytes, offset, length, LtxError.TRUNCATED, what);
    }

    void readFully(byte[] bytes, int offset, int length, LtxError error, String what) throws IOException {
        int done = Math.min(length, limit - position);
        System.arraycopy(buffer, position, bytes, offset, done);
        position += done;
        while (done < length) {
            int count = in.read(bytes, offset + done, length - done);
            if (count < 0) {
                throw new LtxFormatException(
                        error,
                        offset(),
                        "the input ends in the " + what + ", after " + done + " of " + length + " bytes");
            }
            done += count;
            limitOffset += count;
        }
    }

    private boolean fill() throws IOException {
        int count = in.read(buffer, limit, buffer.length - limit);
        if (count <= 0) { // 0: there is no room, since all was there from the start
            return false;
        }
        limit += count;
        limitOffset += count;
        return true;
    }
}
