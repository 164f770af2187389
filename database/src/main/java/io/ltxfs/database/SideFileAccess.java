package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import java.nio.ByteBuffer;

/** A journal, WAL or super-journal as a file: its bytes, and the capture that follows what is written. */
final class SideFileAccess implements SqliteFile {

    /** What follows the system calls on a side file; called with the database's lock. */
    private interface Capture {
        int write(Handle handle, long offset, ByteBuffer source, Completion completion) throws DiskException;

        int truncate(Handle handle, long size, Completion completion) throws DiskException;

        int sync(Handle handle, Completion completion) throws DiskException;

        default void released(Handle handle) {}
    }

    private final Database database;
    private final SideFile bytes;
    private final Capture capture;
    private int handles;
    private boolean unlinked;

    private SideFileAccess(Database database, SideFile bytes, Capture capture) {
        this.database = database;
        this.bytes = bytes;
        this.capture = capture;
    }

    static SideFileAccess journal(Database database, SideFile bytes, RollbackCapture rollback) {
        return new SideFileAccess(database, bytes, new Capture() {
            @Override
            public int write(Handle handle, long offset, ByteBuffer source, Completion completion)
                    throws DiskException {
                return rollback.journalWrite(bytes, handle, offset, source, completion);
            }

            @Override
            public int truncate(Handle handle, long size, Completion completion) throws DiskException {
                return rollback.journalTruncate(bytes, handle, size, completion);
            }

            @Override
            public int sync(Handle handle, Completion completion) {
                rollback.journalSynced(bytes);
                return Errno.OK;
            }
        });
    }

    static SideFileAccess wal(Database database, SideFile bytes, WalCapture wal) {
        return new SideFileAccess(database, bytes, new Capture() {
            @Override
            public int write(Handle handle, long offset, ByteBuffer source, Completion completion)
                    throws DiskException {
                return wal.write(bytes, handle, offset, source, completion);
            }

            @Override
            public int truncate(Handle handle, long size, Completion completion) throws DiskException {
                return wal.truncate(bytes, size);
            }

            @Override
            public int sync(Handle handle, Completion completion) {
                return wal.sync(bytes, handle, completion);
            }

            @Override
            public void released(Handle handle) {
                database.walHandleReleased(handle);
            }
        });
    }

    @Override
    public long size() {
        return database.locked(bytes::size);
    }

    @Override
    public int read(long offset, ByteBuffer target) throws DiskException {
        database.lock();
        try {
            return bytes.read(offset, target);
        } finally {
            database.unlock();
        }
    }

    @Override
    public void write(Handle handle, long offset, ByteBuffer source, Completion completion) {
        database.run(() -> capture.write(handle, offset, source, completion), completion);
    }

    @Override
    public void truncate(Handle handle, long size, Completion completion) {
        database.run(() -> capture.truncate(handle, size, completion), completion);
    }

    @Override
    public void sync(Handle handle, Completion completion) {
        database.run(() -> capture.sync(handle, completion), completion);
    }

    @Override
    public void opened(Handle handle) {
        database.locked(() -> ++handles);
    }

    @Override
    public void released(Handle handle) {
        capture.released(handle);
        database.locked(() -> {
            handles--;
            closeIfUnused();
            return handles;
        });
    }

    /** Its name is gone: its bytes go with the last handle. Called with the database's lock. */
    void unlinked() {
        unlinked = true;
        closeIfUnused();
    }

    private void closeIfUnused() {
        if (unlinked && handles <= 0) {
            bytes.close();
        }
    }
}
