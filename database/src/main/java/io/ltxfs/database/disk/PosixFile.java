package io.ltxfs.database.disk;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.FileTime;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * An open file.
 *
 * <p>A descriptor that is closed while another thread is about to write to it may by then belong to another file, and
 * the write would destroy that one. Calls are therefore counted: {@link #close} forbids new ones, and whoever leaves
 * last gives the descriptor back.
 */
final class PosixFile implements DiskFile {
    private static final int CLOSED = 1 << 30;
    private static final int GIVEN_BACK = 1 << 29;
    private static final int COPY_BYTES = 64 * 1024;
    private static final VarHandle USES;

    static {
        try {
            USES = MethodHandles.lookup().findVarHandle(PosixFile.class, "uses", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Between the system call and a buffer on the heap. */
    private static final ThreadLocal<ByteBuffer> COPY =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(COPY_BYTES));

    private final int fd;
    private final String name;

    /** The number of calls that run, {@link #CLOSED} and {@link #GIVEN_BACK}; changed through {@link #USES} only. */
    @SuppressWarnings("unused")
    private volatile int uses;

    PosixFile(int fd, String name) {
        this.fd = fd;
        this.name = name;
    }

    @Override
    public int read(ByteBuffer target, long offset) throws DiskException {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("cannot read into a read-only buffer");
        }
        enter();
        try {
            int start = target.position();
            while (target.hasRemaining()) {
                long at = offset + (target.position() - start);
                if (readSome(target, at) == 0) {
                    break;
                }
            }
            return target.position() - start;
        } finally {
            leave();
        }
    }

    private int readSome(ByteBuffer target, long offset) throws DiskException {
        if (target.isDirect()) {
            int bytes = retryingRead(target, offset);
            target.position(target.position() + bytes);
            return bytes;
        }
        ByteBuffer copy = COPY.get();
        copy.clear().limit(Math.min(copy.capacity(), target.remaining()));
        int bytes = retryingRead(copy, offset);
        target.put(copy.limit(bytes));
        return bytes;
    }

    private int retryingRead(ByteBuffer direct, long offset) throws DiskException {
        long result;
        do {
            result = Posix.pread(fd, direct, offset);
        } while (result == -Errno.EINTR);
        if (result < 0) {
            throw failure(-result, "read " + direct.remaining() + " bytes at offset " + offset + " of");
        }
        return (int) result;
    }

    @Override
    public void write(ByteBuffer source, long offset) throws DiskException {
        enter();
        try {
            if (source.isDirect()) {
                writeDirect(source, offset);
                return;
            }
            ByteBuffer copy = COPY.get();
            long at = offset;
            while (source.hasRemaining()) {
                int bytes = Math.min(copy.capacity(), source.remaining());
                copy.clear();
                copy.put(0, source, source.position(), bytes).limit(bytes);
                writeDirect(copy, at);
                source.position(source.position() + bytes);
                at += bytes;
            }
        } finally {
            leave();
        }
    }

    private void writeDirect(ByteBuffer direct, long offset) throws DiskException {
        long at = offset;
        while (direct.hasRemaining()) {
            long result = Posix.pwrite(fd, direct, at);
            if (result == -Errno.EINTR) {
                continue;
            }
            if (result == 0) {
                result = -Errno.ENOSPC;
            }
            if (result < 0) {
                throw failure(-result, "write " + direct.remaining() + " bytes at offset " + at + " of");
            }
            direct.position(direct.position() + (int) result);
            at += result;
        }
    }

    @Override
    public long modifiedNanos() throws DiskException {
        enter();
        try {
            FileTime modified = Posix.fstat(fd).mtime();
            return modified.seconds() * 1_000_000_000 + modified.nanos();
        } catch (PosixException e) {
            throw failure(e.errno(), "stat");
        } finally {
            leave();
        }
    }

    @Override
    public long size() throws DiskException {
        enter();
        try {
            FileStat stat = Posix.fstat(fd);
            return stat.size();
        } catch (PosixException e) {
            throw failure(e.errno(), "stat");
        } finally {
            leave();
        }
    }

    @Override
    public void truncate(long size) throws DiskException {
        enter();
        try {
            int result;
            do {
                result = Posix.ftruncate(fd, size);
            } while (result == -Errno.EINTR);
            check(result, "set the size to " + size + " of");
        } finally {
            leave();
        }
    }

    /** Does nothing where the file system cannot reserve space: a write then finds out. */
    @Override
    public void allocate(long offset, long length) throws DiskException {
        enter();
        try {
            int result;
            do {
                result = Posix.fallocate(fd, Posix.FALLOC_KEEP_SIZE, offset, length);
            } while (result == -Errno.EINTR);
            if (result != -Errno.EOPNOTSUPP && result != -Errno.ENOSYS) {
                check(result, "reserve " + length + " bytes at offset " + offset + " of");
            }
        } finally {
            leave();
        }
    }

    @Override
    public void sync() throws DiskException {
        enter();
        try {
            int result;
            do {
                result = Posix.fdatasync(fd);
            } while (result == -Errno.EINTR);
            check(result, "fdatasync");
        } finally {
            leave();
        }
    }

    @Override
    public void close() {
        int before = (int) USES.getAndBitwiseOr(this, CLOSED);
        if (before == 0) {
            giveBack();
        }
    }

    private void enter() throws DiskException {
        int before = (int) USES.getAndAdd(this, 1);
        if ((before & CLOSED) != 0) {
            leave();
            throw failure(Errno.EBADF, "use after close of");
        }
    }

    private void leave() {
        int after = (int) USES.getAndAdd(this, -1) - 1;
        if (after == CLOSED) {
            giveBack();
        }
    }

    /** Runs when nobody is inside any more, and has an effect once. */
    private void giveBack() {
        if (USES.compareAndSet(this, CLOSED, CLOSED | GIVEN_BACK)) {
            Posix.close(fd);
        }
    }

    private void check(int result, String what) throws DiskException {
        if (result < 0) {
            throw failure(-result, what);
        }
    }

    private DiskException failure(long errno, String what) {
        return PosixDisk.failure((int) errno, what, name);
    }
}
