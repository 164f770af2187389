package io.ltxfs.database.log;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A little-endian buffer that grows. */
final class GrowingBuffer {
    private ByteBuffer buffer = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);

    /** The buffer, with room for this many bytes more. */
    ByteBuffer ensure(int bytes) {
        if (buffer.remaining() < bytes) {
            int capacity =
                    Math.max(buffer.position() + bytes, (int) Math.min(Integer.MAX_VALUE - 8L, buffer.capacity() * 2L));
            buffer =
                    ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(buffer.flip());
        }
        return buffer;
    }

    /** What was written. */
    ByteBuffer flip() {
        return buffer.flip().slice().order(ByteOrder.LITTLE_ENDIAN);
    }
}
