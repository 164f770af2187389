package io.ltxfs.ltx;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Bytes that only grow: kept in chunks, so that growing copies nothing and takes no more than what is there. */
final class ChunkedBytes {
    private static final int CHUNK_SIZE_MIN = 512;
    private static final int CHUNK_SIZE_MAX = 256 * 1024;

    interface Consumer {
        void accept(byte[] bytes, int length) throws IOException;
    }

    private final List<byte[]> full = new ArrayList<>();
    private byte[] last = new byte[CHUNK_SIZE_MIN];
    private int lastLength;
    private long size;

    long size() {
        return size;
    }

    void append(byte[] bytes, int length) {
        int done = 0;
        while (done < length) {
            if (lastLength == last.length) {
                full.add(last);
                last = new byte[Math.min(2 * last.length, CHUNK_SIZE_MAX)];
                lastLength = 0;
            }
            int count = Math.min(length - done, last.length - lastLength);
            System.arraycopy(bytes, done, last, lastLength, count);
            lastLength += count;
            done += count;
        }
        size += length;
    }

    /** Hands over all bytes in order. */
    void forEach(Consumer consumer) throws IOException {
        for (byte[] chunk : full) {
            consumer.accept(chunk, chunk.length);
        }
        consumer.accept(last, lastLength);
    }
}
