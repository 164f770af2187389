package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import java.nio.channels.WritableByteChannel;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * All databases of one node, over one log. Backing files: a database {@code a/b.db} is {@code files/a/b.db} below the
 * data directory (plain files and directories of the mount lie in the same tree, and are the mount's affair), checksum
 * arrays in {@code sums/}, WALs and spilled journals in {@code side/}, the log in {@code log/}.
 */
public final class DatabaseSet implements AutoCloseable {

    /** Where the files of the mount lie below the data directory. */
    public static final String FILES = "files";

    private DatabaseSet() {}

    /**
     * Opens the data directory and recovers: settles prepared records, redoes the log, removes side files. One damaged
     * database is quarantined, the others are served.
     */
    public static DatabaseSet open(Disk disk, DatabaseSetOptions options, Host host) throws DiskException {
        throw new UnsupportedOperationException();
    }

    /** The database of this name, if there is one now. */
    public Optional<Database> find(String name) {
        throw new UnsupportedOperationException();
    }

    /** All databases there are now. */
    public Collection<Database> all() {
        throw new UnsupportedOperationException();
    }

    /**
     * Makes a database of the backing file {@code files/<name>}, which exists: its first bytes are about to be SQLite's
     * header, or a side file appears beside it. What it holds already becomes part of its first transaction.
     */
    public Database register(String name, int uid, int gid, int mode) throws DiskException {
        throw new UnsupportedOperationException();
    }

    /**
     * unlink(2) of a database file: a drop, at the next TXID (none if it never had one). When it completes with 0 the
     * backing file's name is gone; open handles of it stay usable.
     */
    public void drop(Database database, Completion completion) {
        throw new UnsupportedOperationException();
    }

    /**
     * rename(2) of a database onto a name that is free or a database: the new name gets a full image at its next TXID,
     * the old one is dropped. EBUSY while either is in use. The backing file is moved by this call.
     */
    public void rename(Database database, String newName, Completion completion) {
        throw new UnsupportedOperationException();
    }

    /** creat(2) of a super-journal, by its path below the mount. */
    public SqliteFile createSuperJournal(String path) {
        throw new UnsupportedOperationException();
    }

    /** unlink(2) of a super-journal: decides every member that is prepared under its name (R9). */
    public void unlinkSuperJournal(String path, Completion completion) {
        throw new UnsupportedOperationException();
    }

    /**
     * Writes a database as it was after a transaction.
     *
     * @param txid 0 for the last one
     * @return the position that was written
     * @throws NotAvailableException if the log does not reach back to it; names the range
     */
    public Position export(String name, long txid, WritableByteChannel target)
            throws DiskException, NotAvailableException {
        throw new UnsupportedOperationException();
    }

    /**
     * The committed transactions of a database that the log keeps, oldest first; empty if it keeps none.
     *
     * @param name of a database that there is, or was and is dropped
     */
    public List<TransactionSummary> history(String name) throws DiskException {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the log on disk, of all databases. */
    public long logBytes() {
        throw new UnsupportedOperationException();
    }

    /** One round of background work: apply, sync, move watermarks, trim, retry what failed. */
    public void maintain() {
        throw new UnsupportedOperationException();
    }

    /** Flushes everything, brings files to the last commit where that is cheap, and stamps a clean stop. */
    @Override
    public void close() throws DiskException {
        throw new UnsupportedOperationException();
    }
}
