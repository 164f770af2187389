package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.fusefs.transport.Opcode;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The first exchange on a new connection: which version, which features.
 *
 * <p>Asked for: large writes, parallel look-ups, cached links, and EXPLICIT_INVAL_DATA, with which the kernel keeps a
 * file's pages whatever its attributes say, until it is told. Not asked for: POSIX and flock locks (the kernel keeps
 * them itself, which is what makes reads free of requests), ATOMIC_O_TRUNC (a truncation shall be a SETATTR), splice.
 */
final class Handshake {
    private static final int PAGES_MAX = 256;
    static final int WRITE_BYTES_MAX = PAGES_MAX * NativeBlock.PAGE;

    /** Below these a request of the kernel's own (read-ahead, write-back) would wait for another to be answered. */
    private static final short BACKGROUND_MAX = 128;

    private static final short CONGESTION_THRESHOLD = 96;

    private static final int WANTED = FuseLayout.InitOut.ASYNC_READ
            | FuseLayout.InitOut.BIG_WRITES
            | FuseLayout.InitOut.PARALLEL_DIROPS
            | FuseLayout.InitOut.ABORT_ERROR
            | FuseLayout.InitOut.FLAG_MAX_PAGES
            | FuseLayout.InitOut.CACHE_SYMLINKS
            | FuseLayout.InitOut.EXPLICIT_INVAL_DATA;

    private Handshake() {}

    /** What both sides go by. */
    record Agreed(int minor, int flags, int writeBytesMax) {}

    static Agreed perform(Channel channel, boolean writeBack) throws IOException {
        NativeBlock block = new NativeBlock(2 * NativeBlock.PAGE);
        long bytes = Posix.check(channel.read(block.address(), block.bytes()), "read from /dev/fuse");
        ByteBuffer in = block.buffer();
        if (bytes < FuseLayout.InitIn.FLAGS + 4 || in.getInt(FuseLayout.In.OPCODE) != Opcode.INIT) {
            throw new IOException("mount: the kernel's first request is not INIT but "
                    + Opcode.name(in.getInt(FuseLayout.In.OPCODE)));
        }
        long unique = in.getLong(FuseLayout.In.UNIQUE);
        int major = in.getInt(FuseLayout.InitIn.MAJOR);
        int minor = in.getInt(FuseLayout.InitIn.MINOR);
        int offered = in.getInt(FuseLayout.InitIn.FLAGS);
        int readAhead = in.getInt(FuseLayout.InitIn.MAX_READAHEAD);
        int wanted = writeBack ? WANTED | FuseLayout.InitOut.WRITEBACK_CACHE : WANTED;
        if (major != FuseLayout.MAJOR || minor < FuseLayout.MINOR || (offered & wanted) != wanted) {
            refuse(channel, block, unique);
            throw new IOException("mount: the kernel's FUSE is version " + major + "." + minor + " with features "
                    + Integer.toHexString(offered) + ", and ltxfs needs " + FuseLayout.MAJOR + "." + FuseLayout.MINOR
                    + " with " + Integer.toHexString(wanted) + "; use Linux 5.4 or newer, or transport: libfuse");
        }
        answer(channel, unique, readAhead, wanted);
        return new Agreed(FuseLayout.MINOR, wanted, WRITE_BYTES_MAX);
    }

    private static void answer(Channel channel, long unique, int readAhead, int flags) throws PosixException {
        ReplyMemory memory = new ReplyMemory();
        ByteBuffer out = memory.payload(FuseLayout.InitOut.BYTES);
        out.putInt(FuseLayout.InitOut.MAJOR, FuseLayout.MAJOR)
                .putInt(FuseLayout.InitOut.MINOR, FuseLayout.MINOR)
                .putInt(FuseLayout.InitOut.MAX_READAHEAD, readAhead)
                .putInt(FuseLayout.InitOut.FLAGS, flags)
                .putShort(FuseLayout.InitOut.MAX_BACKGROUND, BACKGROUND_MAX)
                .putShort(FuseLayout.InitOut.CONGESTION_THRESHOLD, CONGESTION_THRESHOLD)
                .putInt(FuseLayout.InitOut.MAX_WRITE, WRITE_BYTES_MAX)
                .putInt(FuseLayout.InitOut.TIME_GRANULARITY, 1)
                .putShort(FuseLayout.InitOut.MAX_PAGES, (short) PAGES_MAX);
        int bytes = memory.header(unique, 0, FuseLayout.InitOut.BYTES);
        long written = Posix.write(channel.fd(), memory.block().address() + ReplyMemory.HEADER, bytes);
        Posix.check(written, "answer INIT");
    }

    private static void refuse(Channel channel, NativeBlock block, long unique) {
        block.buffer()
                .putInt(FuseLayout.Out.LENGTH, FuseLayout.Out.BYTES)
                .putInt(FuseLayout.Out.ERROR, -Errno.EPROTO)
                .putLong(FuseLayout.Out.UNIQUE, unique);
        Posix.write(channel.fd(), block.address(), FuseLayout.Out.BYTES);
    }
}
