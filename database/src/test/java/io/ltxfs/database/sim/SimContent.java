package io.ltxfs.database.sim;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The bytes of one file. A copy shares its chunks with the original until one of them writes, so an image of a whole
 * disk costs little more than its pointers.
 */
final class SimContent {
    private static final int CHUNK = 4096;

    private byte[][] chunks = new byte[0][];
    /** Chunks that another content may hold too: to be copied before a write. */
    private final BitSet shared = new BitSet();

    private long size;

    long size() {
        return size;
    }

    SimContent copy() {
        SimContent copy = new SimContent();
        copy.chunks = chunks.clone();
        copy.size = size;
        copy.shared.set(0, chunks.length);
        shared.set(0, chunks.length);
        return copy;
    }

    int read(long offset, ByteBuffer target) {
        if (offset >= size) {
            return 0;
        }
        int length = (int) Math.min(target.remaining(), size - offset);
        int done = 0;
        while (done < length) {
            int chunk = (int) ((offset + done) / CHUNK);
            int from = (int) ((offset + done) % CHUNK);
            int part = Math.min(CHUNK - from, length - done);
            byte[] bytes = chunks[chunk];
            if (bytes == null) {
                target.put(new byte[part]);
            } else {
                target.put(bytes, from, part);
            }
            done += part;
        }
        return length;
    }

    void write(long offset, byte[] data, int start, int length) {
        if (length == 0) {
            return;
        }
        if (offset + length > size) {
            resize(offset + length);
        }
        int done = 0;
        while (done < length) {
            int chunk = (int) ((offset + done) / CHUNK);
            int from = (int) ((offset + done) % CHUNK);
            int part = Math.min(CHUNK - from, length - done);
            System.arraycopy(data, start + done, own(chunk), from, part);
            done += part;
        }
    }

    void truncate(long newSize) {
        if (newSize < size) {
            int tail = (int) (newSize % CHUNK);
            if (tail != 0 && chunks[(int) (newSize / CHUNK)] != null) {
                Arrays.fill(own((int) (newSize / CHUNK)), tail, CHUNK, (byte) 0);
            }
        }
        resize(newSize);
    }

    private void resize(long newSize) {
        int count = (int) ((newSize + CHUNK - 1) / CHUNK);
        if (count != chunks.length) {
            int old = chunks.length;
            chunks = Arrays.copyOf(chunks, count);
            if (count < old) {
                shared.clear(count, old);
            }
        }
        size = newSize;
    }

    private byte[] own(int chunk) {
        byte[] bytes = chunks[chunk];
        if (bytes == null) {
            bytes = new byte[CHUNK];
            chunks[chunk] = bytes;
        } else if (shared.get(chunk)) {
            bytes = bytes.clone();
            chunks[chunk] = bytes;
        }
        shared.clear(chunk);
        return bytes;
    }
}
