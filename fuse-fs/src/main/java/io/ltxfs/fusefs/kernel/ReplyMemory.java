package io.ltxfs.fusefs.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory that one answer at a time is put together in. The out header lies right before the page-aligned payload, so
 * that nearly every answer is one piece and read data is aligned for the kernel's copy.
 */
final class ReplyMemory {
    /** Offset of the payload. */
    static final int PAYLOAD = NativeBlock.PAGE;

    /** Offset of the out header. */
    static final int HEADER = PAYLOAD - FuseLayout.Out.BYTES;

    /** Offset of two address-length pairs. */
    static final int VECTOR = 0;

    private static final int FIRST_BYTES = 64 * 1024;

    private NativeBlock block = new NativeBlock(PAYLOAD + FIRST_BYTES);
    private ByteBuffer payload = block.view(PAYLOAD, FIRST_BYTES);

    NativeBlock block() {
        return block;
    }

    /** The payload: position 0, limit {@code bytes}, room for them made. Always the same object, unless it grows. */
    ByteBuffer payload(int bytes) {
        if (bytes > payload.capacity()) {
            int grown = Math.max(bytes, 2 * payload.capacity());
            block = new NativeBlock(PAYLOAD + grown);
            payload = block.view(PAYLOAD, grown);
        }
        payload.clear().limit(bytes);
        return payload.order(ByteOrder.nativeOrder());
    }

    /** Fills in the out header. @return the length of the whole answer */
    int header(long unique, int errno, int payloadBytes) {
        int bytes = FuseLayout.Out.BYTES + payloadBytes;
        block.buffer()
                .putInt(HEADER + FuseLayout.Out.LENGTH, bytes)
                .putInt(HEADER + FuseLayout.Out.ERROR, -errno)
                .putLong(HEADER + FuseLayout.Out.UNIQUE, unique);
        return bytes;
    }

    /** Fills in the pair for header and foreign payload. */
    void vector(long payloadAddress, int payloadBytes) {
        block.buffer()
                .putLong(VECTOR, block.address() + HEADER)
                .putLong(VECTOR + 8, FuseLayout.Out.BYTES)
                .putLong(VECTOR + 16, payloadAddress)
                .putLong(VECTOR + 24, payloadBytes);
    }
}
