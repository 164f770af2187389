package io.ltxfs.database;

import java.util.List;
import java.util.Optional;

/** One SQLite database: its file, its side files, the capture of its commits. */
public final class Database {
    private final String name;

    Database(String name) {
        this.name = name;
    }

    /** Its path below the mount, with {@code /} between names. */
    public String name() {
        return name;
    }

    /** The database file itself. */
    public SqliteFile file() {
        throw new UnsupportedOperationException();
    }

    /** The rollback journal, if there is one. */
    public Optional<SqliteFile> journal() {
        throw new UnsupportedOperationException();
    }

    /** The WAL, if there is one. */
    public Optional<SqliteFile> wal() {
        throw new UnsupportedOperationException();
    }

    /** The wal-index, if there is one. */
    public Optional<SqliteFile> shm() {
        throw new UnsupportedOperationException();
    }

    /** creat(2) of {@code X-journal}; there must be none. */
    public SqliteFile createJournal() {
        throw new UnsupportedOperationException();
    }

    /** creat(2) of {@code X-wal}; there must be none. */
    public SqliteFile createWal() {
        throw new UnsupportedOperationException();
    }

    /** creat(2) of {@code X-shm}; there must be none. */
    public SqliteFile createShm() {
        throw new UnsupportedOperationException();
    }

    /** unlink(2) of {@code X-journal}: the commit point in DELETE mode. The name is gone when it completes with 0. */
    public void unlinkJournal(Completion completion) {
        throw new UnsupportedOperationException();
    }

    /** unlink(2) of {@code X-wal}. */
    public void unlinkWal(Completion completion) {
        throw new UnsupportedOperationException();
    }

    /** unlink(2) of {@code X-shm}. */
    public void unlinkShm(Completion completion) {
        throw new UnsupportedOperationException();
    }

    /** The owner and permission bits, which travel with every transaction; call it after each change. */
    public void setAttributes(int uid, int gid, int mode) {
        throw new UnsupportedOperationException();
    }

    /** The last transaction whose COMMIT has returned. */
    public Position position() {
        throw new UnsupportedOperationException();
    }

    /** What {@code status} shows. */
    public DatabaseStatus status() {
        throw new UnsupportedOperationException();
    }

    /** Up to where the WAL's commits are captured (rule C3); absent if there is no WAL or nothing in it. */
    public Optional<WalTail> walTail() {
        throw new UnsupportedOperationException();
    }

    /** The died writer's commits were published in the wal-index up to this frame. */
    public void walPublished(int mxFrame) {
        throw new UnsupportedOperationException();
    }

    /**
     * The end of what was captured of a WAL, in the terms of the wal-index header.
     *
     * @param mxFrame the last captured commit's frame, 1 or more
     * @param pageSize in bytes
     * @param commit database size in pages
     * @param salt1 of the WAL header
     * @param salt2 of the WAL header
     * @param checksum1 running frame checksum after {@code mxFrame}, first half
     * @param checksum2 second half
     * @param bigEndianChecksums whether the WAL's magic says big-endian checksums
     * @param checkpointSequence of the WAL header
     * @param framePages page numbers of frames 1 to {@code mxFrame}
     */
    public record WalTail(
            int mxFrame,
            int pageSize,
            int commit,
            int salt1,
            int salt2,
            int checksum1,
            int checksum2,
            boolean bigEndianChecksums,
            int checkpointSequence,
            int[] framePages) {}

    /** Warnings for {@code status}, the newest state of each. */
    public List<String> warnings() {
        throw new UnsupportedOperationException();
    }
}
