package io.ltxfs.database.feed;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.TransactionLog.PageVisitor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives away what the log holds, once it is committed, decided (a prepared transaction by its mark) and durable (rule F5).
 * For use by many threads at once.
 */
public interface TransactionFeed {

    /**
     * Begins to follow the log. What a follower has not released is kept for it within the log's bound.
     *
     * @param name of the follower, for logs and metrics
     * @param fromLsn the first LSN to give; 0 for the oldest that is kept
     * @param wake called, on any thread, when there may be something new; must return at once
     */
    Follower follow(String name, long fromLsn, Runnable wake);

    /** A place in the log that moves forward. Not for use by several threads at once. */
    interface Follower extends AutoCloseable {
        /**
         * The next transaction of whatever database, in the order of the log; those of one database have ascending
         * TXIDs without gaps, unless {@link #lost} says otherwise.
         *
         * @return null if there is none at the moment
         */
        @Nullable
        Transaction next() throws DiskException;

        /** Says that everything before an LSN is not needed any more. */
        void release(long lsn);

        /**
         * Whether transactions that were not released were trimmed away, because the log had reached its bound. Asked
         * once, it is answered true once; the next transactions have a gap before them.
         */
        boolean lost();

        @Override
        void close();
    }

    /** Visits the pages of one transaction in ascending page number. */
    void pages(Transaction transaction, PageVisitor visitor) throws DiskException;

    /**
     * Visits, in ascending page number, the newest version of each page that consecutive transactions of one database
     * changed, as if they were one: pages beyond the last one's size are left out, and so is a page that was cut off
     * in between and did not come again. Holds a few bytes for each page.
     *
     * @param transactions oldest first, of one page size
     */
    void merged(List<Transaction> transactions, PageVisitor visitor) throws DiskException;

    /** How full the log is of what followers have not released, 0 to 1 and beyond. */
    double backlog();
}
