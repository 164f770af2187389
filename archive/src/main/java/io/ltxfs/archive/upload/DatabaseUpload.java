package io.ltxfs.archive.upload;

import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One database on its way into the archive: what waits, and how far the archive is. The lock of {@link Uploads} owns the
 * queue and what is said to be; the rest belongs to the one thread that works on the database at a time.
 */
final class DatabaseUpload {
    /** An object has at most this many transactions. */
    static final int TRANSACTIONS_MAX = 4096;

    final String name;
    final DatabaseArchive archive;
    final ArchiveOptions options;

    // ---- with the lock

    /** Committed transactions that the archive does not have, oldest first; those it has are taken off lazily. */
    private final ArrayDeque<Transaction> queue = new ArrayDeque<>(2);

    /** Those who wait for the archive to have a transaction; as many as commits wait, which has a bound elsewhere. */
    final List<Waiter> waiters = new ArrayList<>(0);

    /** The last transaction that the log gave, or that was there at the start (unsigned). */
    long seenTxid;
    /** A worker has it. */
    boolean running;
    /** When it is to be worked on, and which entry of the schedule says so; 0 if none. */
    long dueNanos;

    long entry;
    /** Not before this moment, because it failed. */
    long notBeforeNanos;

    int failures;
    /** Why nothing of it is archived any more; empty if all is well. */
    String refused = "";
    /** What is wrong with it, besides; empty if nothing. */
    String problem = "";
    /** The LSN under which it is known to hold the log; 0 if it does not. */
    long heldLsn;
    /** The last transaction that it had when this node began to archive (unsigned). */
    long startTxid;
    /** Something was archived since it last came to rest, at this moment. */
    boolean wantsRest;

    long endedNanos;
    /** Transactions came while it was refused. */
    boolean missed;
    /** A transaction that it had and the log did not bring (unsigned); 0 if there is none. */
    long lackingTxid;

    /** The last transaction that the archive has; that of a drop counts when the record has it (unsigned). */
    long archivedTxid;
    /** The LTX database checksum after it; 0 if not known. */
    long archivedChecksum;

    // ---- the worker's

    /** The store has answered a request since the worker took it. */
    boolean answered;

    boolean opened;
    String lineage = "";
    /** The last transaction that an object of level 0 has; 0 if there is none (unsigned). */
    long objectTxid;
    /** The first transaction of the newest object of level 0. */
    long newestMin;
    /** Timestamp of the newest object. */
    long timestampMillis;
    /** Timestamp of the last but one transaction in {@link #newest}. */
    long timestampBeforeMillis;
    /** The page size of the newest object; 0 if not known. */
    int pageSize;
    /** After the last archived transaction the database is not there, or empty. */
    boolean empty;
    /** The log does not have all that the archive lacks, or it is older than the archive. */
    boolean wantsImage;
    /** When the record was last read. */
    long recordNanos;

    long epoch;
    /** The epoch under which the record was last read. */
    long checkedEpoch;
    /** When it was opened, and how often it was looked since for what a deposed primary has put. */
    long openedNanos;

    int looks;
    /** When the newest upload began. */
    long beganNanos;

    boolean began;
    /** What the newest object merges, if it has several transactions. */
    List<Transaction> newest = List.of();
    /** A put of this was tried, and nobody knows whether it was done: the very same must be tried again. */
    @Nullable
    Job frozen;
    /** The same for an export, which cannot be made again. */
    @Nullable
    Prepared kept;

    DatabaseUpload(String name, DatabaseArchive archive, ArchiveOptions options) {
        this.name = name;
        this.archive = archive;
        this.options = options;
    }

    /** One who waits for the archive to have a transaction. */
    record Waiter(long txid, Runnable done) {}

    // ---- with the lock

    /** Takes off those whose transaction the archive has; what it was known to have before the first look does not count. */
    List<Runnable> takeReached() {
        if (!opened || waiters.isEmpty()) {
            return List.of();
        }
        List<Runnable> reached = new ArrayList<>();
        waiters.removeIf(waiter -> {
            boolean has = Long.compareUnsigned(waiter.txid(), archivedTxid) <= 0;
            if (has) {
                reached.add(waiter.done());
            }
            return has;
        });
        return reached;
    }

    void add(Transaction transaction) {
        queue.add(transaction);
        seenTxid = transaction.txid();
    }

    int waiting() {
        return queue.size();
    }

    @Nullable
    Transaction head() {
        return queue.peek();
    }

    @Nullable
    Transaction last() {
        return queue.peekLast();
    }

    /** The archive has nothing of it any more. */
    void forget() {
        opened = false;
        refused = "";
        problem = "";
        missed = false;
        failures = 0;
        archivedTxid = 0;
        archivedChecksum = 0;
        objectTxid = 0;
        frozen = null;
        kept = null;
        newest = List.of();
        wantsImage = false;
        wantsRest = false;
    }

    /** Takes off what the archive has. @return how many */
    int prune() {
        int count = 0;
        for (Transaction head = queue.peek();
                head != null && Long.compareUnsigned(head.txid(), archivedTxid) <= 0;
                head = queue.peek()) {
            queue.remove();
            count++;
        }
        return count;
    }

    /** Forgets all that waits. @return how many */
    int clear() {
        int count = queue.size();
        queue.clear();
        return count;
    }

    /**
     * Takes off what cannot be archived because the database is not there any more, up to a transaction after which that
     * does not matter.
     *
     * @return how many; -1 if there is no such transaction yet
     */
    int skipToEndOrImage() {
        int count = 0;
        for (Transaction transaction : queue) {
            if (transaction.header().commit() == 0 || transaction.header().image() == Image.FULL) {
                for (int i = 0; i < count; i++) {
                    queue.remove();
                }
                return count;
            }
            count++;
        }
        return -1;
    }

    /** What is known of the checksum after a transaction; 0 if nothing is. */
    long checksumAfter(long txid) {
        for (Transaction transaction : queue) {
            if (transaction.txid() == txid) {
                return transaction.header().postChecksum();
            }
            if (transaction.txid() == txid + 1) {
                return transaction.header().preChecksum();
            }
            if (Long.compareUnsigned(transaction.txid(), txid) > 0) {
                break;
            }
        }
        return 0;
    }

    /** Whether the database was put in place, from elsewhere, at a transaction. */
    boolean installedAt(long txid) {
        return queue.stream()
                .anyMatch(transaction -> transaction.txid() == txid
                        && (transaction.header().image() == Image.INSTALLED
                                || transaction.header().jump()));
    }

    /** When a transaction was committed; 0 if that is not known. */
    long timeOf(long txid) {
        for (Transaction transaction : queue) {
            if (transaction.txid() == txid) {
                return transaction.header().timeMillis();
            }
        }
        return 0;
    }

    /** Whether there is something to do without a transaction that waits. */
    boolean hasUnfinished() {
        return frozen != null || kept != null || wantsImage;
    }

    /** What is to be done next; null if nothing is. */
    @Nullable
    Job next() {
        Job again = frozen;
        if (again != null) {
            return again;
        }
        Transaction head = queue.peek();
        if (head == null) {
            return wantsImage ? new Job.Export() : wantsRest ? new Job.Rest() : null;
        }
        TransactionHeader header = head.header();
        if (header.commit() == 0) {
            return new Job.Drop(head);
        }
        boolean begunLater = wantsImage && objectTxid == 0 && !empty;
        // The pages of a jump are those that this node lacked, not those that the archive lacks.
        if (header.image() == Image.INSTALLED || header.jump() || begunLater) {
            return new Job.Export();
        }
        boolean follows = head.txid() == archivedTxid + 1;
        boolean changed = header.image() == Image.FULL && header.pageSize() != pageSize;
        if (wantsImage || !follows || objectTxid == 0 || empty || changed) {
            boolean whole = header.image() == Image.FULL || follows && (empty || archivedTxid == 0);
            return whole ? new Job.Whole(head) : new Job.Export();
        }
        return changes(head);
    }

    private Job changes(Transaction head) {
        long until = head.header().timeMillis() + options.sync().toMillis();
        List<Transaction> taken = new ArrayList<>();
        Iterator<Transaction> all = queue.iterator();
        while (all.hasNext() && taken.size() < TRANSACTIONS_MAX) {
            Transaction next = all.next();
            TransactionHeader header = next.header();
            if (next.txid() != head.txid() + taken.size()
                    || header.commit() == 0
                    || header.image() == Image.INSTALLED
                    || header.jump()
                    || header.pageSize() != head.header().pageSize()
                    || header.timeMillis() > until) {
                break;
            }
            taken.add(next);
        }
        return new Job.Changes(taken);
    }
}
