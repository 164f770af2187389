package io.ltxfs.archive.upload;

import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.time.Clock;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The transactions that wait in memory, over all databases, and how far the log may forget. Its lock also owns the
 * schedule of {@link Uploads}; fields are for those who hold it.
 */
final class Waiting implements Queues {
    /** Transactions that wait in memory, over all databases. */
    static final int QUEUE_MAX = 32_768;

    private static final long COMMITTED_NANOS = TimeUnit.SECONDS.toNanos(5);

    final ReentrantLock lock = new ReentrantLock();
    /** Something was taken from the log, archived or tried. */
    final Condition progressed = lock.newCondition();

    /**
     * Of each database with something waiting, the LSN of the first, and how many have this one: what is older is not
     * needed any more.
     */
    final TreeMap<Long, Integer> held = new TreeMap<>();

    /** How many wait. */
    int count;
    /** The bound is reached: the log is not read until something is uploaded. */
    boolean blocked;

    private final LocalDatabases local;
    private final Clock clock;
    private final Runnable roomMade;

    /**
     * Nothing.
     *
     * @param roomMade run, with the lock held, when the log may be read again
     */
    Waiting(LocalDatabases local, Clock clock, Runnable roomMade) {
        this.local = local;
        this.clock = clock;
        this.roomMade = roomMade;
    }

    @Override
    public @Nullable Job next(DatabaseUpload db) {
        lock.lock();
        try {
            count -= db.prune();
            hold(db);
            if (db.lackingTxid != 0) {
                db.wantsImage = db.wantsImage || Txid.compare(db.lackingTxid, db.archivedTxid) > 0;
                db.lackingTxid = 0;
            }
            return db.next();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void archived(DatabaseUpload db, long txid, long checksum) {
        lock.lock();
        try {
            db.wantsRest = db.wantsRest || db.opened;
            db.archivedTxid = txid;
            db.archivedChecksum = checksum;
            if (!db.refused.isEmpty()) {
                db.refused = "";
                db.missed = false;
                db.lackingTxid = db.seenTxid;
            }
            count -= db.prune();
            hold(db);
            wakeTaker();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void rested(DatabaseUpload db) {
        lock.lock();
        try {
            db.wantsRest = false;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long checksumAfter(DatabaseUpload db, long txid) {
        lock.lock();
        try {
            return db.checksumAfter(txid);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean installedAt(DatabaseUpload db, long txid) {
        lock.lock();
        try {
            return db.installedAt(txid);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long lastTxid(DatabaseUpload db) {
        long there = local.txid(db.name);
        lock.lock();
        try {
            long last = Txid.compare(db.seenTxid, db.startTxid) > 0 ? db.seenTxid : db.startTxid;
            return Txid.compare(there, last) > 0 ? there : last;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public @Nullable TransactionHeader head(DatabaseUpload db) {
        lock.lock();
        try {
            Transaction head = db.head();
            return head == null ? null : head.header();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long timeOf(DatabaseUpload db, TransactionHeader header) {
        lock.lock();
        try {
            long time = db.timeOf(header.txid());
            return time != 0 ? time : clock.millis();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void awaitCommitted(DatabaseUpload db, TransactionHeader header) throws IOException, InterruptedException {
        long left = COMMITTED_NANOS;
        lock.lock();
        try {
            while (true) {
                long checksum = db.checksumAfter(header.txid());
                if (checksum != 0 && checksum != header.postChecksum()) {
                    throw new IOException(db.name + ": changed while it was read; it is read again");
                }
                if (checksum != 0
                        || Txid.compare(db.seenTxid, header.txid()) >= 0
                        || Txid.compare(db.startTxid, header.txid()) >= 0) {
                    return;
                }
                if (left <= 0) {
                    throw new IOException(String.format(
                            "%s: its transaction %016x did not come from the log in time; it is read again",
                            db.name, header.txid()));
                }
                left = progressed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    void hold(DatabaseUpload db) {
        Transaction head = db.head();
        long lsn = head == null ? 0 : head.lsn();
        if (lsn != db.heldLsn) {
            if (db.heldLsn != 0) {
                held.computeIfPresent(db.heldLsn, (at, count) -> count == 1 ? null : count - 1);
            }
            if (lsn != 0) {
                held.merge(lsn, 1, Integer::sum);
            }
            db.heldLsn = lsn;
        }
    }

    void wakeTaker() {
        if (blocked && count < QUEUE_MAX / 2) {
            blocked = false;
            roomMade.run();
        }
    }
}
