package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Posix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A page-aligned block of memory outside the heap, with its address at hand. */
final class NativeBlock {
    static final int PAGE = 4096;

    private final ByteBuffer buffer;
    private final long address;

    NativeBlock(int bytes) {
        int rounded = (bytes + PAGE - 1) & -PAGE;
        buffer = ByteBuffer.allocateDirect(rounded + PAGE)
                .alignedSlice(PAGE)
                .limit(rounded)
                .slice()
                .order(ByteOrder.nativeOrder());
        address = Posix.address(buffer);
    }

    /** The block, in the machine's byte order; used with absolute positions. */
    ByteBuffer buffer() {
        return buffer;
    }

    /** The address of its first byte. */
    long address() {
        return address;
    }

    int bytes() {
        return buffer.capacity();
    }

    /** A new view of part of the block. */
    ByteBuffer view(int offset, int bytes) {
        return buffer.slice(offset, bytes).order(ByteOrder.nativeOrder());
    }
}
