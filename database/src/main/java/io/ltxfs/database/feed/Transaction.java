package io.ltxfs.database.feed;

import io.ltxfs.database.log.LogEntry;
import io.ltxfs.database.log.TransactionHeader;

/**
 * A transaction that is committed, decided and durable in the log.
 *
 * @param header what the log says of it
 * @param pages how many pages it has
 * @param entry where it lies; may be trimmed away once no follower needs it any more
 */
public record Transaction(TransactionHeader header, int pages, LogEntry entry) {
    /** Its number in the log. */
    public long lsn() {
        return entry.lsn();
    }

    /** Its TXID (unsigned). */
    public long txid() {
        return header.txid();
    }
}
