package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import java.nio.ByteBuffer;

/**
 * A file of SQLite's that no capture follows: a wal-index or a super-journal. It has a lock of its own, so that it never
 * waits for a commit. A wal-index is always in memory (D2: on current kernels a store to a mapped page waits for the
 * write-back of the one before, and a failed write loses other processes' stores).
 */
final class UncapturedFile implements SqliteFile {
    /** 32 KiB for each 4096 frames: enough for a WAL of 128 million frames. */
    private static final long BYTES_MAX = 1L << 30;

    private final SideFile bytes;
    private int handles;
    private boolean unlinked;

    UncapturedFile(SideFile bytes) {
        this.bytes = bytes;
    }

    @Override
    public synchronized long size() {
        return bytes.size();
    }

    @Override
    public synchronized int read(long offset, ByteBuffer target) throws DiskException {
        return bytes.read(offset, target);
    }

    @Override
    public void write(Handle handle, long offset, ByteBuffer source, Completion completion) {
        int errno = Errno.OK;
        synchronized (this) {
            if (offset + source.remaining() > BYTES_MAX) {
                errno = Errno.EFBIG;
            } else {
                try {
                    bytes.write(offset, source);
                } catch (DiskException e) {
                    errno = e.errno();
                }
            }
        }
        completion.done(errno);
    }

    @Override
    public void truncate(Handle handle, long size, Completion completion) {
        int errno = Errno.OK;
        synchronized (this) {
            if (size > BYTES_MAX) {
                errno = Errno.EFBIG;
            } else {
                try {
                    bytes.truncate(size);
                } catch (DiskException e) {
                    errno = e.errno();
                }
            }
        }
        completion.done(errno);
    }

    @Override
    public void sync(Handle handle, Completion completion) {
        completion.done(Errno.OK);
    }

    @Override
    public synchronized void opened(Handle handle) {
        handles++;
    }

    @Override
    public synchronized void released(Handle handle) {
        handles--;
        closeIfUnused();
    }

    /** Its name is gone: its bytes go with the last handle. */
    synchronized void unlinked() {
        unlinked = true;
        closeIfUnused();
    }

    private void closeIfUnused() {
        if (unlinked && handles <= 0) {
            bytes.close();
        }
    }
}
