package io.ltxfs.fusefs.own;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.database.posix.RecordLock;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A file of the own mount, open in the descriptor table of one own thread and usable there only: anywhere else its
 * number names another file. Every method throws {@link IllegalStateException} on another thread, and when closed.
 */
public final class OwnFile implements AutoCloseable {
    private final OwnMountThread thread;
    private final String path;
    private int fd;

    OwnFile(OwnMountThread thread, String path, int fd) {
        this.thread = thread;
        this.path = path;
        this.fd = fd;
    }

    /** The path it was opened by. */
    public String path() {
        return path;
    }

    /**
     * Fills a direct buffer from its position on. Its position ends behind what was read.
     *
     * @return bytes read; fewer than there was room for at the end of the file only
     */
    public int read(ByteBuffer into, long offset) throws PosixException {
        int start = into.position();
        while (into.hasRemaining()) {
            long read = Posix.pread(fd(), into, offset + into.position() - start);
            if (read == -Errno.EINTR) {
                continue;
            }
            if (Posix.check(read, "read " + path) == 0) {
                break;
            }
            into.position(into.position() + (int) read);
        }
        return into.position() - start;
    }

    /**
     * Writes all of a direct buffer's bytes between position and limit, in one system call where the kernel takes them
     * in one. Its position ends at its limit.
     */
    public void write(ByteBuffer from, long offset) throws PosixException {
        int start = from.position();
        while (from.hasRemaining()) {
            long written = Posix.pwrite(fd(), from, offset + from.position() - start);
            if (written != -Errno.EINTR) {
                from.position(from.position() + (int) Posix.check(written, "write " + path));
            }
        }
    }

    /** Makes the file this long. */
    public void truncate(long size) throws PosixException {
        Posix.check(Posix.ftruncate(fd(), size), "truncate " + path);
    }

    /** fdatasync(2). */
    public void sync() throws PosixException {
        Posix.check(Posix.fdatasync(fd()), "sync " + path);
    }

    /** Starts write-back of a range and does not wait for it, in the fast mode. */
    public void startWriteBack(long offset, long length) throws PosixException {
        Posix.check(Posix.syncFileRange(fd(), offset, length, Posix.SYNC_FILE_RANGE_WRITE), "write back " + path);
    }

    /** Attributes; the inode number tells whether the path still names this file. */
    public FileStat stat() throws PosixException {
        return Posix.fstat(fd());
    }

    /**
     * Takes, changes or gives back a lock on a range, without waiting.
     *
     * @param type {@link RecordLock#READ}, {@link RecordLock#WRITE} or {@link RecordLock#UNLOCK}
     * @return false if somebody is in the way
     */
    public boolean setLock(int type, long start, long length) throws PosixException {
        int result = RecordLock.set(fd(), type, start, length);
        if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
            return false;
        }
        Posix.check(result, "lock " + path);
        return true;
    }

    /** Who is in the way of such a lock; this file's own locks never are. */
    public Optional<RecordLock.Holder> queryLock(int type, long start, long length) throws PosixException {
        return RecordLock.query(fd(), type, start, length);
    }

    /** Closes it, and so gives back its locks. Does nothing the second time. */
    @Override
    public void close() {
        if (fd >= 0) {
            Posix.close(fd());
            fd = -1;
            thread.closed(this);
        }
    }

    private int fd() {
        thread.requireCurrent();
        if (fd < 0) {
            throw new IllegalStateException("closed: " + path);
        }
        return fd;
    }
}
