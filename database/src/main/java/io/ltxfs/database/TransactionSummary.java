package io.ltxfs.database;

/**
 * One committed transaction of a database, as the log keeps it.
 *
 * @param txid its TXID (unsigned)
 * @param timeMillis when it was committed, milliseconds since the Unix epoch
 * @param pages how many pages it changed
 * @param commit the database's size after it, in pages; 0 for a drop
 * @param preApplyChecksum the database checksum before it; 0 for the first one
 * @param postApplyChecksum the database checksum after it
 * @param epoch the lease epoch it was committed in; 0 without a lease
 */
public record TransactionSummary(
        long txid,
        long timeMillis,
        int pages,
        long commit,
        long preApplyChecksum,
        long postApplyChecksum,
        long epoch) {}
