package io.ltxfs.ltx;

import java.io.IOException;
import java.io.InputStream;

/** The content of one LZ4 frame as a stream; holds one block in memory. */
final class Lz4FrameStream extends InputStream {
    private final Lz4FrameReader frame;
    private final byte[] block;
    private int position;
    private int limit;
    private boolean ended;

    Lz4FrameStream(ByteSource source) throws IOException {
        this.frame = new Lz4FrameReader(source);
        frame.start();
        this.block = new byte[frame.blockSizeMax()];
    }

    @Override
    public int read() throws IOException {
        return hasMore() ? block[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!hasMore()) {
            return -1;
        }
        int count = Math.min(length, limit - position);
        System.arraycopy(block, position, bytes, offset, count);
        position += count;
        return count;
    }

    private boolean hasMore() throws IOException {
        while (position == limit && !ended) {
            int produced = frame.nextBlock(block, 0, block.length);
            position = 0;
            limit = Math.max(produced, 0);
            ended = produced < 0;
        }
        return position < limit;
    }
}
