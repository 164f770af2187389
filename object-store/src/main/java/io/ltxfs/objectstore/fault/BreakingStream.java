package io.ltxfs.objectstore.fault;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Fails after some bytes, if there are more. */
final class BreakingStream extends FilterInputStream {
    private final String object;
    private long left;

    BreakingStream(InputStream in, long bytes, String object) {
        super(in);
        this.left = bytes;
        this.object = object;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (left == 0) {
            // An object that ends here was read whole.
            int next = in.read();
            if (next < 0) {
                return -1;
            }
            throw new IOException(object + ": the connection broke while it was read");
        }
        int count = in.read(bytes, offset, (int) Math.min(length, left));
        left -= Math.max(0, count);
        return count;
    }

    @Override
    public long skip(long count) throws IOException {
        long skipped = in.skip(Math.min(count, left));
        left -= skipped;
        return skipped;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
