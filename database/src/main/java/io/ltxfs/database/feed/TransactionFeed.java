package io.ltxfs.database.feed;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.TransactionLog;
import io.ltxfs.database.log.TransactionLog.PageVisitor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives away what the log holds, once it is committed, decided (a prepared transaction by its mark) and durable (rule
 * F5), and its call can withdraw it no more. For use by many threads at once.
 */
public interface TransactionFeed {

    /** A feed over a log that has none yet. */
    static TransactionFeed of(TransactionLog log) {
        return new LogFeed(log);
    }

    /**
     * Begins to follow the log. What a follower has not released is kept for it within the log's bound. After a start of
     * the node, follow before anything is trimmed: within the first minute.
     *
     * @param name of the follower, for logs and metrics
     * @param fromLsn the first LSN to give: what was last released, or 0 for the oldest that is kept
     * @param wake called, on any thread, when there may be something new; must return at once
     */
    default Follower follow(String name, long fromLsn, Runnable wake) {
        return follow(name, Kind.ARCHIVE, fromLsn, wake);
    }

    /** {@link #follow(String, long, Runnable)}, for one of a kind. */
    Follower follow(String name, Kind kind, long fromLsn, Runnable wake);

    /** What becomes of a follower when the log has reached its bound and holds what it has not released. */
    enum Kind {
        /** As the set's {@code behind} says: it starts over, or commits are refused. */
        ARCHIVE,
        /** It starts over: a slow replica never keeps anybody from committing. */
        REPLICA
    }

    /** A place in the log that moves forward. For one thread at a time, {@link #release} for any. */
    interface Follower extends AutoCloseable {
        /**
         * The next transaction of whatever database, in the order in which they were decided; those of one database have
         * ascending TXIDs without gaps, unless {@link #lost} says otherwise. Reads nothing from the disk if there is none.
         *
         * @return null if there is none at the moment, or until {@link #lost} has been asked
         */
        @Nullable
        Transaction next() throws DiskException;

        /** Says that everything before an LSN ({@link Transaction#lsn}) is not needed any more. */
        void release(long lsn);

        /**
         * Whether transactions that were not released were trimmed away, because the log had reached its bound. Asked
         * once, it is answered true once; the next transactions have a gap before them, and those that were given before
         * and were not released may be gone.
         */
        boolean lost();

        @Override
        void close();
    }

    /**
     * Visits the pages of one transaction in ascending page number.
     *
     * @throws DiskException ENOENT if it is not kept any more
     */
    void pages(Transaction transaction, PageVisitor visitor) throws DiskException;

    /**
     * Visits, in ascending page number, the newest version of each page that consecutive transactions of one database
     * changed, as if they were one: pages beyond the last one's size are left out, and so is a page that was cut off
     * in between and did not come again. Holds a few bytes for each page.
     *
     * @param transactions oldest first, of one page size
     * @throws DiskException ENOENT if one is not kept any more
     */
    void merged(List<Transaction> transactions, PageVisitor visitor) throws DiskException;

    /** How full the log is of what followers of the kind {@link Kind#ARCHIVE} have not released, 0 to 1 and beyond. */
    double backlog();
}
