package io.ltxfs.node.replication;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.OutputStream;

/** Cuts a stream of bytes into messages. Each part is given away whole and not touched again. */
final class ChunkStream extends OutputStream {
    /** Takes the parts. */
    @FunctionalInterface
    interface Target {
        void part(ByteString part) throws IOException;
    }

    private static final byte[] NOTHING = {};
    private static final int FIRST_BYTES = 8 * 1024;

    private final Target target;
    private byte[] buffer = NOTHING;
    private int filled;

    ChunkStream(Target target) {
        this.target = target;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        int at = from;
        int left = length;
        while (left > 0) {
            room(left);
            int count = Math.min(left, Math.min(buffer.length, Messages.CHUNK_BYTES) - filled);
            System.arraycopy(bytes, at, buffer, filled, count);
            filled += count;
            at += count;
            left -= count;
            if (filled == Messages.CHUNK_BYTES) {
                end();
            }
        }
    }

    /** Most transactions are small. */
    private void room(int wanted) {
        if (filled < buffer.length) {
            return;
        }
        int size = Math.max(FIRST_BYTES, Math.max(2 * filled, filled + wanted));
        byte[] larger = new byte[Math.min(size, Messages.CHUNK_BYTES)];
        System.arraycopy(buffer, 0, larger, 0, filled);
        buffer = larger;
    }

    /** Gives away what is left. */
    void end() throws IOException {
        if (filled > 0) {
            ByteString part = UnsafeByteOperations.unsafeWrap(buffer, 0, filled);
            buffer = NOTHING;
            filled = 0;
            target.part(part);
        }
    }
}
