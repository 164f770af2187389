package io.ltxfs.database.log;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One record as it is found in the log: everything but the pages.
 *
 * @param lsn its number, ascending without gaps through the whole log, from 1
 * @param kind what it is
 * @param header the transaction, for {@link Kind#COMMITTED} and {@link Kind#PREPARED}
 * @param group the super-journal's base name, or empty
 * @param targets the LSNs that a mark names; for a prepared record the one that it replaces, if any; for a watermark its LSN
 * @param database the database of a watermark, else empty
 * @param pageCount the number of pages
 * @param location where the record lies, for {@link TransactionLog#pages}
 */
public record LogEntry(
        long lsn,
        Kind kind,
        @Nullable TransactionHeader header,
        String group,
        List<Long> targets,
        String database,
        int pageCount,
        Location location) {

    /** The kinds of record, as in {@link LogRecord}. */
    public enum Kind {
        COMMITTED,
        PREPARED,
        COMMIT,
        GROUP_COMMIT,
        ABORT,
        WATERMARK
    }

    /**
     * A record's place.
     *
     * @param segment the segment's sequence number
     * @param offset of the record's first byte in the segment's file
     */
    public record Location(long segment, long offset) {}
}
