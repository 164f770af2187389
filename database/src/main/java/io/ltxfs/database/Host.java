package io.ltxfs.database;

import io.ltxfs.database.log.TransactionHeader;
import java.util.function.Consumer;

/**
 * What the databases ask of the mount that shows them. All methods return at once; what they start runs on other
 * threads, never inside a file-system request (sqlite-on-fuse rule D4).
 */
public interface Host {

    /** Whether some process holds SQLite's write lock on a database. */
    enum WriteLock {
        /** A process holds a write lock in 0x40000000..+511 of the database file, or WRITE of its wal-index. */
        HELD,
        /** Nobody does. */
        FREE,
        /** It could not be found out in time. */
        UNKNOWN
    }

    /**
     * Asks the kernel for SQLite's locks on the database file (F_OFD_GETLK through the mount, bytes
     * 0x40000000..0x400001FF, as a reader would ask, so that only write locks count). The answer comes exactly once, on
     * any thread, within two seconds.
     */
    void probeWriteLock(Database database, Consumer<WriteLock> answer);

    /**
     * Runs an action while the node holds SQLite's EXCLUSIVE lock on the database file (PENDING, RESERVED and the whole
     * SHARED range, F_OFD_SETLK, not waiting), so that no SQLite connection reads or writes.
     *
     * @param action told true while the lock is held, or false if some process is in the way
     */
    void withExclusiveLock(Database database, Consumer<Boolean> action);

    /**
     * The same, for what answers an application: its next step would find the lock.
     *
     * @param afterwards runs once, when the lock is given back or was not had
     */
    default void withExclusiveLock(Database database, Consumer<Boolean> action, Runnable afterwards) {
        withExclusiveLock(database, held -> {
            action.accept(held);
            afterwards.run();
        });
    }

    /**
     * {@link #withExclusiveLock} of two databases: both are held while the action runs.
     *
     * @param afterwards runs once, when the locks are given back or were not had
     */
    void withExclusiveLocks(Database first, Database second, Consumer<Boolean> action, Runnable afterwards);

    /** Drops the kernel's cached pages of a range of the database file; a length of 0 means to the end. */
    void invalidate(Database database, long offset, long length);

    /** Runs a task, on some thread, once what {@link #invalidate} was asked for until now is done. */
    default void afterInvalidations(Runnable task) {
        task.run();
    }

    /**
     * Drops the kernel's cached pages of a WAL from an offset on: a commit there was withdrawn, and its bytes are zeros
     * (F6).
     */
    default void invalidateWal(Database database, long offset) {}

    /**
     * A handle of a WAL database was closed while captured commits may not have been published in the wal-index (their
     * writer died: rule C3). The mount reads the wal-index through itself and, if nobody holds WRITE and mxFrame is
     * behind, publishes up to {@link Database#walTail}.
     */
    void checkDiedWriter(Database database);

    /** The process that a thread belongs to; 0 if it cannot be found out. */
    default int processOf(int pid) {
        return 0;
    }

    /** Runs a task in the background soon; tasks of one database run one after the other. */
    void background(Runnable task);

    /**
     * Whether a transaction may be committed at this moment: 0, or the errno to refuse with. Called inside the
     * committing system call, before the log is written and again before it is answered (rule F9).
     */
    int mayCommit();

    /** The lease epoch of this moment; 0 without a lease. */
    long epoch();

    /**
     * Whether the commits of a database wait for other nodes (decision 11). Asked once in each commit, with the database's
     * lock held: it must answer from memory.
     */
    default boolean waits(String database) {
        return false;
    }

    /**
     * Waits for what a commit of a database that {@link #waits} has to wait for. The transaction is decided and durable
     * here, and the system call that committed it is not answered yet; no lock is held.
     *
     * @param header the transaction; those before it are waited for with it
     * @param lsn the number that followers know it by ({@link io.ltxfs.database.feed.Transaction#lsn})
     * @param completion told once, on any thread, when others have it, with 0; or, for an outcome that is not known, with
     *     the errno to answer with: the transaction stays all the same
     */
    default void awaitReplication(Database database, TransactionHeader header, long lsn, Completion completion) {
        completion.done(0);
    }

    /**
     * Who is to own the file of a database that came from another node, with a transaction of that header. Called without a
     * lock.
     */
    default FileOwner ownerOf(TransactionHeader header) {
        return new FileOwner(header.uid(), header.gid(), header.mode());
    }

    /** The backing file of a database has got another owner or mode, by a transaction that came from another node. */
    default void attributesChanged(Database database) {}

    /**
     * Drops the kernel's cached pages of a journal: its content was taken away, although the call that would have done it
     * is answered with an error.
     */
    default void invalidateJournal(Database database) {}
}
