package io.ltxfs.ltx;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.Objects;

/** A file or object that can be read in ranges. */
public interface RangeSource {
    /** The size in bytes. */
    long size() throws IOException;

    /**
     * Reads exactly so many bytes.
     *
     * @throws EOFException if the range reaches beyond the end
     */
    byte[] read(long offset, int length) throws IOException;

    /** Bytes in memory. */
    static RangeSource of(byte[] bytes) {
        return new RangeSource() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public byte[] read(long offset, int length) {
                int from = Math.toIntExact(offset);
                Objects.checkFromIndexSize(from, length, bytes.length);
                return Arrays.copyOfRange(bytes, from, from + length);
            }
        };
    }

    /** An open file. */
    static RangeSource of(FileChannel channel) {
        return new RangeSource() {
            @Override
            public long size() throws IOException {
                return channel.size();
            }

            @Override
            public byte[] read(long offset, int length) throws IOException {
                byte[] bytes = new byte[length];
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    if (channel.read(buffer, offset + buffer.position()) < 0) {
                        throw new EOFException("the file ends before byte " + (offset + length));
                    }
                }
                return bytes;
            }
        };
    }
}
