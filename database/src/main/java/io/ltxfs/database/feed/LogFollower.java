package io.ltxfs.database.feed;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.LogEntry;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionLog;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One who follows the log.
 *
 * <p>A committed record is given when the cursor comes to it. A prepared one waits for its mark, without holding up the
 * others: the application that is to decide it may have died. If a mark could not be written, the next transaction of the
 * database decides it as well. So the order is that of the deciding records, and a transaction may lie before others that
 * were given, and even released, earlier: until it is released itself, its record is kept.
 *
 * <p>Its monitor guards all of it but what is volatile.
 */
final class LogFollower implements TransactionFeed.Follower {
    private static final Logger LOG = LoggerFactory.getLogger(LogFollower.class);

    /** What was given and not released. */
    private record Given(long lsn, long recordLsn) {}

    private final TransactionLog log;
    private final String name;
    private final TransactionFeed.Kind kind;
    private final Runnable wake;
    private final Consumer<LogFollower> onClose;
    private final TransactionLog.Cursor cursor;
    private final long startLsn;

    private final TreeMap<Long, LogEntry> prepared = new TreeMap<>();
    private final ArrayDeque<Transaction> ready = new ArrayDeque<>();
    private final ArrayDeque<Given> given = new ArrayDeque<>();
    /** The records of those that were given later than they stand in the log. */
    private final TreeSet<Long> givenLate = new TreeSet<>();

    /** What the cursor has given and could not be taken, because the log could not be read. */
    private @Nullable LogEntry untaken;

    private boolean lost;
    private boolean closed;
    private volatile long keepFromLsn;

    LogFollower(
            TransactionLog log,
            String name,
            TransactionFeed.Kind kind,
            long fromLsn,
            Runnable wake,
            Consumer<LogFollower> onClose) {
        this.log = log;
        this.name = name;
        this.kind = kind;
        this.wake = wake;
        this.onClose = onClose;
        boolean otherLog = fromLsn > log.lastLsn() + 1;
        if (otherLog) {
            lost(fromLsn);
        }
        startLsn = fromLsn == 0 || otherLog ? log.firstLsn() : fromLsn;
        cursor = log.cursor(startLsn);
        keepFromLsn = startLsn;
    }

    String name() {
        return name;
    }

    TransactionFeed.Kind kind() {
        return kind;
    }

    void wake() {
        wake.run();
    }

    /** The first LSN that this follower still needs. */
    long keepFromLsn() {
        return keepFromLsn;
    }

    @Override
    public synchronized @Nullable Transaction next() throws DiskException {
        if (closed) {
            return null;
        }
        noticeTrim();
        while (!lost && ready.isEmpty()) {
            LogEntry entry = untaken != null ? untaken : cursor.next();
            if (cursor.takeMissed()) {
                lost(keepFromLsn);
            } else if (entry == null) {
                break;
            } else {
                untaken = entry;
                take(entry);
                untaken = null;
            }
        }
        // What was trimmed meanwhile may have been withdrawn: its abort is not known any more.
        noticeTrim();
        Transaction next = lost ? null : ready.poll();
        if (next != null) {
            long record = next.entry().lsn();
            given.add(new Given(next.lsn(), record));
            if (record != next.lsn()) {
                givenLate.add(record);
            }
        }
        updateKeep();
        return next;
    }

    @Override
    public synchronized void release(long lsn) {
        for (Given oldest = given.peek(); oldest != null && oldest.lsn < lsn; oldest = given.peek()) {
            given.remove();
            if (oldest.recordLsn != oldest.lsn) {
                givenLate.remove(oldest.recordLsn);
            }
        }
        updateKeep();
    }

    @Override
    public synchronized boolean lost() {
        noticeTrim();
        boolean was = lost;
        lost = false;
        return was;
    }

    @Override
    public void close() {
        onClose.accept(this);
        synchronized (this) {
            closed = true;
            cursor.close();
        }
    }

    private void lost(long fromLsn) {
        LOG.warn(
                "a follower of the log was too slow, transactions that it needs are trimmed away: follower={}"
                        + " neededFromLsn={} firstLsn={}",
                name,
                fromLsn,
                log.firstLsn());
        lost = true;
    }

    /** Forgets what is not in the log any more. */
    private void noticeTrim() {
        long first = log.firstLsn();
        if (keepFromLsn >= first) {
            return;
        }
        int before = waiting();
        given.removeIf(transaction -> transaction.recordLsn < first);
        ready.removeIf(transaction -> transaction.entry().lsn() < first);
        givenLate.headSet(first).clear();
        prepared.headMap(first).clear();
        if (untaken != null && untaken.lsn() < first) {
            untaken = null;
        }
        cursor.skipTrimmed();
        if (cursor.takeMissed() || waiting() < before) {
            lost(keepFromLsn);
        }
        updateKeep();
    }

    private int waiting() {
        return given.size() + ready.size() + prepared.size() + (untaken == null ? 0 : 1);
    }

    private void updateKeep() {
        long keep = untaken == null ? cursor.nextLsn() : untaken.lsn();
        for (Transaction transaction : ready) {
            keep = Math.min(keep, transaction.entry().lsn());
        }
        if (!prepared.isEmpty()) {
            keep = Math.min(keep, prepared.firstKey());
        }
        if (!given.isEmpty()) {
            keep = Math.min(keep, given.element().lsn);
        }
        if (!givenLate.isEmpty()) {
            keep = Math.min(keep, givenLate.first());
        }
        keepFromLsn = keep;
    }

    private void take(LogEntry entry) throws DiskException {
        switch (entry.kind()) {
            case COMMITTED -> {
                if (!log.isWithdrawn(entry.lsn())) {
                    decidedBy(entry);
                    give(entry.lsn(), entry);
                }
            }
            case PREPARED -> {
                entry.targets().forEach(prepared::remove);
                if (!log.isWithdrawn(entry.lsn())) {
                    decidedBy(entry);
                    prepared.put(entry.lsn(), entry);
                }
            }
            case COMMIT, GROUP_COMMIT -> decided(entry);
            case ABORT -> entry.targets().forEach(prepared::remove);
            case WATERMARK -> {
                // Says nothing of transactions.
            }
        }
    }

    private void decided(LogEntry mark) throws DiskException {
        // What may fail comes first: the mark is taken again then, as if for the first time.
        Map<Long, LogEntry> earlier = new HashMap<>();
        for (long target : mark.targets()) {
            LogEntry found = target < startLsn ? before(target, mark.lsn()) : null;
            if (found != null) {
                earlier.put(target, found);
            }
        }
        for (long target : mark.targets()) {
            LogEntry decided = target < startLsn ? earlier.get(target) : prepared.remove(target);
            if (decided != null && !log.isWithdrawn(target)) {
                give(mark.lsn(), decided);
            }
        }
    }

    /** A transaction tells that the one before it was committed, if that was prepared and its mark is missing. */
    private void decidedBy(LogEntry entry) {
        TransactionHeader header = entry.header();
        prepared.values().removeIf(older -> {
            TransactionHeader before = older.header();
            boolean decided = header != null
                    && before != null
                    && older.group().isEmpty()
                    && before.database().equals(header.database())
                    && before.txid() + 1 == header.txid();
            if (decided) {
                give(entry.lsn(), older);
            }
            return decided;
        });
    }

    /**
     * A record before the beginning that is decided behind it.
     *
     * @return null if it is not kept, or if a later transaction had decided it already
     */
    private @Nullable LogEntry before(long lsn, long markLsn) throws DiskException {
        LogEntry[] found = {null};
        boolean[] late = {false};
        log.scan(lsn, entry -> {
            TransactionHeader header = entry.header();
            if (found[0] == null) {
                found[0] = entry.lsn() == lsn ? entry : null;
                return found[0] != null;
            }
            TransactionHeader before = found[0].header();
            late[0] |= header != null
                    && before != null
                    && entry.lsn() < markLsn
                    && header.database().equals(before.database())
                    && header.txid() == before.txid() + 1
                    && !log.isWithdrawn(entry.lsn());
            return entry.lsn() < markLsn && !late[0];
        });
        return late[0] ? null : found[0];
    }

    private void give(long lsn, LogEntry entry) {
        TransactionHeader header = entry.header();
        if (header == null) {
            throw new IllegalStateException("record " + entry.lsn() + " is no transaction");
        }
        ready.add(new Transaction(header, entry.pageCount(), lsn, entry));
    }
}
