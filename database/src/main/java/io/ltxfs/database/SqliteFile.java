package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import java.nio.ByteBuffer;

/**
 * One file of SQLite's: a database, or a journal, WAL, wal-index or super-journal. The methods are the system calls on
 * it, in the order in which the kernel sends them. {@link #read} and {@link #size} never wait for a commit. A file that
 * was unlinked stays usable by its handles, and has no part in any transaction any more.
 */
public interface SqliteFile {

    /** The length in bytes as an application sees it, pages of a running transaction included. */
    long size();

    /**
     * Fills the buffer's remaining space as far as the file reaches, as an application would read it, and advances it.
     *
     * @return the number of bytes read
     */
    int read(long offset, ByteBuffer target) throws DiskException;

    /** Writes the remaining bytes of {@code source}, which is not used after the call returns. */
    void write(Handle handle, long offset, ByteBuffer source, Completion completion);

    /**
     * ftruncate(2) and truncate(2).
     *
     * @param handle of an ftruncate, or a handle made for the call
     */
    void truncate(Handle handle, long size, Completion completion);

    /** fsync(2) or fdatasync(2). */
    void sync(Handle handle, Completion completion);

    /** A handle was opened; before its first use. */
    void opened(Handle handle);

    /** Whether its name was gone, and nobody had it open, when it was opened last: there is nothing to read any more. */
    default boolean isGone() {
        return false;
    }

    /** The last descriptor of a handle was closed (FUSE RELEASE: some time after close(2) returned). */
    void released(Handle handle);
}
