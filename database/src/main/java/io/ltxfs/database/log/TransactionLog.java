package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The node's log; see {@code docs/architecture.md}. */
public interface TransactionLog extends AutoCloseable {

    /** Visits entries; may stop a scan early by returning false. */
    @FunctionalInterface
    interface Visitor {
        boolean visit(LogEntry entry) throws DiskException;
    }

    /** Receives the pages of a record in ascending page number; the buffer holds exactly one page and is reused. */
    @FunctionalInterface
    interface PageVisitor {
        void page(int pgno, long checksum, ByteBuffer page) throws DiskException;
    }

    /** Receives the page table of a record. */
    @FunctionalInterface
    interface TableVisitor {
        void page(int index, int pgno, long checksum) throws DiskException;
    }

    /** The directory of the segments and stages below the data directory. */
    String DIRECTORY = "log";

    /** Last committed state of every database before the oldest kept segment, by name. */
    Map<String, CatalogEntry> catalog();

    /**
     * Appends a record. When it returns, the record has reached the kernel (R1): it survives the death of the process.
     * Pages of a {@link PageSet} with a stage are not copied. On failure nothing was appended.
     *
     * @return the record's LSN
     * @throws DiskException ENOSPC, EIO: the caller refuses the commit with it
     */
    long append(LogRecord record) throws DiskException;

    /** {@link #append} of a transaction that is read again soon. @return its entry, for {@link #pages} */
    LogEntry appendReceived(LogRecord.Committed record) throws DiskException;

    /**
     * {@link #append} of a {@link LogRecord.Committed} or {@link LogRecord.GroupCommit} that the caller may yet withdraw:
     * no {@link Cursor} passes it until the caller has called {@link #settle}, or until everything that it commits is
     * durably withdrawn.
     */
    long appendOpen(LogRecord record) throws DiskException;

    /** The caller of {@link #appendOpen} does not withdraw the record any more. */
    void settle(long lsn);

    /**
     * Opens a {@link LogRecord.Committed} again, which is about to be withdrawn.
     *
     * @return false if it is durable: then it may have been given away, and must not be withdrawn
     */
    boolean reopen(long lsn);

    /**
     * The first LSN of what is not decided, or is open ({@link #appendOpen}): of the records that a mark commits, too. Their
     * databases do not know of them yet, so who wants to know what has to be kept asks this first and the databases then.
     *
     * @return {@link Long#MAX_VALUE} if there is none
     */
    long firstUnsettledLsn();

    /** Whether an abort, or a record in its place, withdraws a record. */
    boolean isWithdrawn(long lsn);

    /** Follows the log, from an LSN on; nothing is kept for it. */
    Cursor cursor(long fromLsn);

    /** A place in the log that moves forward, up to what is durable and not open. Not thread-safe. */
    interface Cursor extends AutoCloseable {
        /**
         * The next record, marks and withdrawn ones too. Reads nothing if there is none.
         *
         * @return null if there is none at the moment, or if there is a gap before the next ({@link #takeMissed})
         */
        @Nullable
        LogEntry next() throws DiskException;

        /** The LSN of the next record. */
        long nextLsn();

        /** Passes over what is not in the log any more. */
        void skipTrimmed();

        /** Whether transactions were passed over since this was asked last, because they are not in the log any more. */
        boolean takeMissed();

        @Override
        void close();
    }

    /** Runs a task, on any thread, when cursors may go on; it must return at once, and stays for ever. */
    void onProgress(Runnable task);

    /** Makes the log durable up to an LSN, together with every caller that waits at that moment (group commit). */
    void flush(long lsn, FlushCallback callback);

    /** {@link #flush}, waited for. */
    void flushAndWait(long lsn) throws DiskException;

    /** The last LSN that is durable. */
    long durableLsn();

    /** The last LSN that was appended. */
    long lastLsn();

    /**
     * Visits the kept entries with an LSN of at least {@code fromLsn}, in order. LSNs may have gaps: the log has records
     * of its own, and damaged ones are passed over.
     */
    void scan(long fromLsn, Visitor visitor) throws DiskException;

    /** Visits the page table of a record. */
    void table(LogEntry entry, TableVisitor visitor) throws DiskException;

    /**
     * Reads and verifies the pages of a record.
     *
     * @throws DiskException EIO, naming segment, offset and page, if a page's checksum is wrong
     */
    void pages(LogEntry entry, PageVisitor visitor) throws DiskException;

    /**
     * Reads, in ascending page number, the newest version of each page of some transactions of one database and one page
     * size, oldest first, without what a later one of them cut off. Holds a few bytes for each page.
     *
     * @throws DiskException EIO if a page does not have its checksum; ENOENT if a record is not kept any more
     */
    void newestPages(List<LogEntry> transactions, PageVisitor visitor) throws DiskException;

    /** A new, empty staging file. */
    Stage newStage() throws DiskException;

    /** Gives up a stage that was never appended: closes and removes it. */
    void discardStage(Stage stage);

    /**
     * Removes the oldest segments beyond the size bound, oldest first, never past {@code keepFromLsn} (the first LSN that
     * recovery or a replica still needs) and never past an undecided or open record. Pages in them that kept positions need are
     * carried over to the end of the log. Does nothing while the log is being read or held. Blocks on the disk; appends go on.
     */
    void trim(long keepFromLsn) throws DiskException;

    /** Keeps {@link #trim} from removing anything until it is closed, by the thread that asked for it. */
    Hold hold();

    /** See {@link #hold}. */
    interface Hold extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * The TXID of the oldest position from which on every position of a database can be rebuilt by {@link #pageVersions},
     * from the log alone. A database that is larger than half of the log's bound has none once the log has been trimmed,
     * until it is written whole again.
     *
     * @return 0 if there is no such position
     */
    long firstTxid(String database);

    /**
     * Visits, in ascending page number, the newest version of each page of a database at or before an LSN, pages beyond
     * the database's size at that LSN left out. From the LSN of {@link #firstTxid} on that is the whole database but the
     * lock page; before it, or if there is none, only pages that changed. Withdrawn transactions and undecided
     * members of a group do not count.
     *
     * @param limitLsn the LSN of a transaction, from {@link #scan} or, for the oldest position, from {@link #catalog}
     * @throws DiskException EIO if a page does not have its checksum
     */
    void pageVersions(String database, long limitLsn, PageVisitor visitor) throws DiskException;

    /** Bytes of all segments and stages. */
    long bytes();

    /** About how many of them belong to records from an LSN on. */
    long bytesFrom(long lsn);

    /** The bound of {@link #bytes}, beyond which {@link #trim} removes what nobody needs. */
    long maxBytes();

    /** How many times the log was synced since it was opened. */
    long syncs();

    /** The first LSN that is kept. */
    long firstLsn();

    /** What was found damaged when the log was opened; empty if all is well. Does not change. */
    List<LogDamage> damage();

    @Override
    void close() throws DiskException;

    /**
     * Opens the log of a data directory, or begins one. Keeps the longest contiguous suffix of segments, cuts a torn
     * tail off the last one and makes that durable (R15), removes orphaned stages.
     *
     * <p>A damaged part of a sealed segment does not keep the node from starting: it is told by {@link #damage}.
     */
    static TransactionLog open(Disk disk, LogOptions options) throws DiskException {
        return SegmentedLog.open(disk, options);
    }
}
