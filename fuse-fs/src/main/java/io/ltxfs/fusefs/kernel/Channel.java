package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One descriptor of {@code /dev/fuse}. A request is answered on the descriptor that it was read from, elsewhere the
 * kernel does not find it and its caller hangs (D5).
 *
 * <p>The descriptor is closed when its reader has ended and every request read from it is answered: a late answer
 * written to a closed number would land in whatever file has got that number since.
 */
final class Channel {
    private static final Logger LOG = LoggerFactory.getLogger(Channel.class);

    private final int fd;

    /** The reader, and each unanswered request. */
    private final AtomicInteger users = new AtomicInteger(1);

    private Channel(int fd) {
        this.fd = fd;
    }

    /** Opens the device. */
    static Channel open() throws PosixException {
        return new Channel(openDevice());
    }

    /** Takes over a descriptor that is mounted already. */
    static Channel of(int fd) {
        Posix.closeOnExec(fd);
        return new Channel(fd);
    }

    /** Opens another descriptor for the same connection. */
    Channel cloned() throws PosixException {
        int clone = openDevice();
        byte[] argument =
                ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(fd).array();
        int result = Posix.ioctl(clone, FuseLayout.DEVICE_CLONE, argument);
        if (result < 0) {
            Posix.close(clone);
            throw new PosixException(-result, "clone the descriptor of " + FuseDevice.PATH);
        }
        return new Channel(clone);
    }

    private static int openDevice() throws PosixException {
        // Inherited by a child, the descriptor would keep a mount alive and hanging after this process has died (D6).
        int fd = Posix.open(FuseDevice.PATH, OpenFlags.RDWR | OpenFlags.CLOEXEC, 0);
        return (int) Posix.check(fd, "open " + FuseDevice.PATH);
    }

    int fd() {
        return fd;
    }

    /** Reads one request; waits for it. @return its length or a negative error number */
    long read(long address, long bytes) {
        return Posix.read(fd, address, bytes);
    }

    /** Notes that a request was read which an answer must follow. */
    void expectAnswer() {
        users.getAndIncrement();
    }

    /**
     * Writes an answer that lies in one piece.
     *
     * @param header the offset of its out header in the block
     */
    void answer(NativeBlock block, int header, int bytes) {
        settle(block, header, Posix.write(fd, block.address() + header, bytes));
    }

    /**
     * Writes an answer in two pieces.
     *
     * @param header the offset of its out header in the block
     * @param vector the offset of the two address-length pairs in the block
     */
    void answerGathered(NativeBlock block, int header, int vector) {
        settle(block, header, Posix.writev(fd, block.address() + vector, 2));
    }

    private void settle(NativeBlock block, int header, long result) {
        // ENOENT, ENODEV: the mount was aborted or has gone, and with it whoever waited.
        if (result < 0 && result != -Errno.ENOENT && result != -Errno.ENODEV) {
            ByteBuffer out = block.buffer();
            LOG.error(
                    "Kernel refused an answer unique={} error={}",
                    out.getLong(header + FuseLayout.Out.UNIQUE),
                    Errno.name((int) -result));
            out.putInt(header + FuseLayout.Out.LENGTH, FuseLayout.Out.BYTES)
                    .putInt(header + FuseLayout.Out.ERROR, -Errno.EIO);
            Posix.write(fd, block.address() + header, FuseLayout.Out.BYTES);
        }
        drop();
    }

    /** Writes a notification. @return a negative error number, or the bytes written */
    long notifyKernel(ByteBuffer message) {
        if (users.getAndUpdate(n -> n == 0 ? 0 : n + 1) == 0) {
            return -Errno.ENODEV;
        }
        try {
            return Posix.write(fd, Posix.address(message), message.remaining());
        } finally {
            drop();
        }
    }

    /** Gives up one of the reasons to keep the descriptor: the reader ended, or a request is answered. */
    void drop() {
        if (users.decrementAndGet() == 0) {
            Posix.close(fd);
        }
    }
}
