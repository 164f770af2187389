package io.ltxfs.archive.restore;

import io.ltxfs.ltx.RangeInputStream;
import io.ltxfs.ltx.RangeSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * The bytes of an LTX file in the archive, by their offset in the file.
 *
 * @param tail the file's end, as far as it is in memory
 */
record SourceBytes(RangeReader reader, LtxSource source, byte[] tail) implements RangeSource {
    private static final int PIECE_BYTES = 1 << 20;

    /** The bytes of a file of which nothing is in memory. */
    SourceBytes(RangeReader reader, LtxSource source) {
        this(reader, source, new byte[0]);
    }

    @Override
    public long size() {
        return source.length();
    }

    @Override
    public byte[] read(long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        long tailStart = size() - tail.length;
        int missing = (int) Math.max(0, Math.min(length, tailStart - offset));
        if (missing > 0) {
            reader.read(source.key(), source.offset() + offset, ByteBuffer.wrap(bytes, 0, missing));
        }
        if (missing < length) {
            System.arraycopy(tail, (int) (offset + missing - tailStart), bytes, missing, length - missing);
        }
        return bytes;
    }

    /** A part of it, read piece by piece, so that it may be read slowly. */
    InputStream stream(long offset, long length) {
        return new RangeInputStream(this, offset, length, PIECE_BYTES);
    }
}
