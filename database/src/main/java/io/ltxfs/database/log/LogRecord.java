package io.ltxfs.database.log;

import java.util.List;

/**
 * What can be appended to the log (redo-recovery rules R5 to R9). Marks name the LSN of the record that they decide,
 * never a TXID.
 */
public sealed interface LogRecord {

    /** A transaction that is committed by standing in the log, unless an {@link Abort} withdraws it. */
    record Committed(TransactionHeader header, PageSet pages) implements LogRecord {}

    /**
     * A prepared transaction. Without a group it counts as committed unless an {@link Abort} names it; with one it
     * counts as aborted unless a {@link GroupCommit} names it.
     *
     * @param group the base name of the super-journal that decides it, or empty
     * @param replaces the LSN of an earlier prepared record of the same transaction that this one takes the place of, or 0
     */
    record Prepared(TransactionHeader header, PageSet pages, String group, long replaces) implements LogRecord {}

    /** A single prepared record was committed: its journal was finalised. */
    record Commit(long lsn) implements LogRecord {}

    /** All these prepared records were committed, by one unlink of their super-journal. */
    record GroupCommit(List<Long> lsns) implements LogRecord {}

    /** A prepared or committed record was withdrawn. */
    record Abort(long lsn) implements LogRecord {}

    /**
     * Everything of a database up to and with this LSN is durably in its file and checksum array: recovery need not
     * redo it (rules R12, F4).
     */
    record Watermark(String database, long lsn) implements LogRecord {}
}
