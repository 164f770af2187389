package io.ltxfs.archive.upload;

import io.ltxfs.database.log.TransactionHeader;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What waits, as those who work on it see it. */
interface Queues {
    /** What is to be done next for a database; null if nothing is. */
    @Nullable
    Job next(DatabaseUpload db);

    /** The archive has a database up to a transaction. */
    void archived(DatabaseUpload db, long txid, long checksum);

    /** The database was left as another writer wants to find it. */
    void rested(DatabaseUpload db);

    /** What is known of the checksum after a transaction; 0 if nothing is. */
    long checksumAfter(DatabaseUpload db, long txid);

    /** Whether the database was put in place, from elsewhere, at a transaction. */
    boolean installedAt(DatabaseUpload db, long txid);

    /** The last transaction that this node knows of a database (unsigned). */
    long lastTxid(DatabaseUpload db);

    /** The first transaction that waits and when it was committed, if one does. */
    @Nullable
    TransactionHeader head(DatabaseUpload db);

    /** When a transaction was committed; the present if that is not known. */
    long timeOf(DatabaseUpload db, TransactionHeader header);

    /**
     * Waits until the log has given a transaction away: it is durable then and cannot be withdrawn.
     *
     * @throws IOException if that does not come, or another transaction came instead
     */
    void awaitCommitted(DatabaseUpload db, TransactionHeader header) throws IOException, InterruptedException;
}
