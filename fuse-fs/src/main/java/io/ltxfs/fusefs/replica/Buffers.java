package io.ltxfs.fusefs.replica;

import io.ltxfs.fusefs.host.WalIndexLayout;
import java.nio.ByteBuffer;

/** A thread's memory for jobs of own threads, which it waits for. */
final class Buffers {
    /** As much as one request takes. */
    private static final int FRAMES_BYTES = 1 << 20;

    private static final int FRAME_BYTES_MAX = (64 << 10) + 64;

    private static final ThreadLocal<Buffers> OF_THREAD = ThreadLocal.withInitial(Buffers::new);

    final ByteBuffer frames = ByteBuffer.allocateDirect(FRAMES_BYTES + FRAME_BYTES_MAX);
    final ByteBuffer region = ByteBuffer.allocateDirect(WalIndexLayout.REGION_BYTES);

    private Buffers() {}

    static Buffers ofThread() {
        return OF_THREAD.get();
    }
}
