package io.ltxfs.database.feed;

import io.ltxfs.database.log.LogEntry;
import io.ltxfs.database.log.TransactionHeader;

/**
 * A transaction that is committed, decided and durable in the log.
 *
 * <p>One whose image is {@link TransactionHeader.Image#INSTALLED} has no pages: it says that the database was put in
 * place whole, from elsewhere, at this position.
 *
 * @param header what the log says of it
 * @param pages how many pages it has
 * @param lsn the LSN of the record that decided it: its own or that of its mark. Transactions are given in the order of
 *     this number, and released by it; those of one group share it
 * @param entry where it lies; may be trimmed away once no follower needs it any more
 */
public record Transaction(TransactionHeader header, int pages, long lsn, LogEntry entry) {
    /** Its TXID (unsigned). */
    public long txid() {
        return header.txid();
    }
}
