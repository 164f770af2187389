package io.ltxfs.objectstore.directory;

import io.ltxfs.objectstore.ByteRange;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** The bytes of a range of a file. For one thread. */
final class FileRange extends InputStream {
    private final FileChannel channel;
    private final String object;
    private final long end;
    private long position;

    FileRange(FileChannel channel, String object, ByteRange range) {
        this.channel = channel;
        this.object = object;
        this.position = range.offset();
        this.end = range.offset() + range.length();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (position == end) {
            return length == 0 ? 0 : -1;
        }
        int count = channel.read(ByteBuffer.wrap(bytes, offset, (int) Math.min(length, end - position)), position);
        if (count < 0) {
            throw new EOFException(object + ": was cut while it was read; read it again");
        }
        position += count;
        return count;
    }

    @Override
    public long skip(long count) {
        long skipped = Math.max(0, Math.min(count, end - position));
        position += skipped;
        return skipped;
    }

    @Override
    public int available() {
        return (int) Math.min(Integer.MAX_VALUE, end - position);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
