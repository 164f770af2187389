package io.ltxfs.fusefs.kernel;

import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;

/** Spare memory for answers that are given late, and for WRITE data that is kept. Bounded: what is too much is dropped. */
final class MemoryPool {
    private static final int SPARES = 64;
    private static final int SMALL_BYTES = 8 * 1024;

    private final Queue<ReplyMemory> replies = new ArrayBlockingQueue<>(SPARES);
    private final Queue<ByteBuffer> small = new ArrayBlockingQueue<>(SPARES);

    ReplyMemory takeReply() {
        ReplyMemory spare = replies.poll();
        return spare == null ? new ReplyMemory() : spare;
    }

    void give(ReplyMemory memory) {
        replies.offer(memory);
    }

    /** A direct buffer, position 0, limit {@code bytes}. */
    ByteBuffer takeData(int bytes) {
        if (bytes > SMALL_BYTES) {
            return ByteBuffer.allocateDirect(bytes);
        }
        ByteBuffer spare = small.poll();
        return (spare == null ? ByteBuffer.allocateDirect(SMALL_BYTES) : spare)
                .clear()
                .limit(bytes);
    }

    void give(ByteBuffer data) {
        if (data.capacity() == SMALL_BYTES) {
            small.offer(data);
        }
    }
}
