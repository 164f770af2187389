package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread that reads requests from its own descriptor and has them handled, until the connection ends. */
final class RequestReader implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(RequestReader.class);

    /** A request begins so that a WRITE's data is page-aligned. */
    private static final int START = NativeBlock.PAGE - FuseLayout.IoIn.DATA;

    private final Channel channel;
    private final Dispatcher dispatcher;
    private final MemoryPool pool;
    private final NativeBlock block;
    private final ByteBuffer request;
    private final ByteBuffer writeData;
    private final Runnable atEnd;

    // Owned by the reader's thread.
    private @Nullable Thread thread;
    private ReplyMemory memory = new ReplyMemory();
    private @Nullable KernelReply serving;

    RequestReader(Channel channel, Dispatcher dispatcher, MemoryPool pool, int writeBytesMax, Runnable atEnd) {
        this.channel = channel;
        this.dispatcher = dispatcher;
        this.pool = pool;
        this.atEnd = atEnd;
        block = new NativeBlock(NativeBlock.PAGE + writeBytesMax);
        request = block.view(START, block.bytes() - START);
        writeData = block.view(NativeBlock.PAGE, writeBytesMax);
    }

    Channel channel() {
        return channel;
    }

    MemoryPool pool() {
        return pool;
    }

    /** The request that was read last. */
    ByteBuffer request() {
        return request;
    }

    /** The data of a WRITE that was read last: position 0, limit {@code bytes}. */
    ByteBuffer writeData(int bytes) {
        return writeData.clear().limit(bytes);
    }

    /** This thread's memory for the answer to the request that it serves. */
    ReplyMemory memory() {
        return memory;
    }

    /** Whether it is this reader's own thread that asks, while it serves the given request. */
    boolean isServing(KernelReply reply) {
        return Thread.currentThread() == thread && serving == reply;
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        try {
            serveAll();
        } finally {
            channel.drop();
            atEnd.run();
        }
    }

    private void serveAll() {
        long address = block.address() + START;
        int room = request.capacity();
        while (true) {
            long bytes = channel.read(address, room);
            if (bytes >= FuseLayout.In.BYTES) {
                dispatcher.dispatch(this, (int) bytes);
            } else if (bytes == -Errno.ENODEV || bytes == -Errno.ECONNABORTED) {
                return;
            } else if (bytes != -Errno.ENOENT && bytes != -Errno.EINTR && bytes != -Errno.EAGAIN) {
                // ENOENT: the request was taken back before it was read.
                LOG.error("Stopped reading requests error={}", bytes < 0 ? Errno.name((int) -bytes) : "short request");
                return;
            }
        }
    }

    /** A request with an answer begins. */
    void begin(KernelReply reply) {
        channel.expectAnswer();
        serving = reply;
    }

    /** Its handler has returned. */
    void end(KernelReply reply) {
        serving = null;
        if (reply.holds(memory)) {
            memory = pool.takeReply();
        }
    }
}
