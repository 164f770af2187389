package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.LogRecord;
import io.ltxfs.database.log.PageSet;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionLog;
import io.ltxfs.ltx.PageChecksum;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * rename(2) of a database. A name's history is its own: the new name gets everything as one transaction at its next
 * TXID, the old one is dropped at its. Both records are durable before the file is moved.
 */
final class Rename {
    private final DatabaseSet set;
    private final Disk disk;
    private final Services services;
    private final Database from;
    private final String to;

    Rename(DatabaseSet set, Disk disk, Services services, Database from, String to) {
        this.set = set;
        this.disk = disk;
        this.services = services;
        this.from = from;
        this.to = to;
    }

    void run(Completion completion) {
        AtomicInteger errno = new AtomicInteger(Errno.EBUSY);
        Runnable answer = () -> completion.done(errno.get());
        Optional<Database> target = set.find(to);
        if (target.isEmpty()) {
            services.host().withExclusiveLock(from, held -> errno.set(held ? move() : Errno.EBUSY), answer);
        } else {
            services.host().withExclusiveLock(from, held -> {
                if (held) {
                    onto(target.get(), errno, answer);
                } else {
                    answer.run();
                }
            });
        }
    }

    private void onto(Database target, AtomicInteger errno, Runnable answer) {
        services.host().withExclusiveLock(target, both -> errno.set(both ? moveOnto(target) : Errno.EBUSY), answer);
    }

    private int moveOnto(Database target) {
        target.lock();
        try {
            if (target.isBusy()) {
                return Errno.EBUSY;
            }
            int errno = move();
            if (errno == Errno.OK) {
                target.abandon();
                target.detach();
            }
            return errno;
        } finally {
            target.unlock();
        }
    }

    private int move() {
        from.lock();
        try {
            if (from.isBusy() || from.isDropped()) {
                return Errno.EBUSY;
            }
            int refused = from.mayBegin();
            return refused != Errno.OK ? refused : moveLocked();
        } catch (DiskException e) {
            return e.errno();
        } finally {
            from.unlock();
        }
    }

    private int moveLocked() throws DiskException {
        State old = from.state();
        TransactionLog log = services.log();
        from.drain();
        disk.unlink(DatabaseSet.sumsPath(to));
        PageChecksums sums = new PageChecksums(disk, DatabaseSet.sumsPath(to));
        CommittedFile file = old.file;
        State state = new State(to, services, file, sums, set.lastPosition(to));
        state.notBefore(set.latestMillis(to));
        state.wantsFull = true;
        state.uid = old.uid;
        state.gid = old.gid;
        state.mode = old.mode;
        long lsn = 0;
        long dropLsn = 0;
        RecordBuilder.@Nullable Built built = null;
        TransactionHeader drop = dropNothing(old);
        if (old.position.txid() != 0) {
            Overlay view = new Overlay(file.beneath(), services.newSlots(Math.max(old.pageSize, 512)), file.viewSize());
            built = RecordBuilder.build(state, view, old.pageSize);
            drop = set.dropOf(old);
            lsn = log.appendOpen(new LogRecord.Committed(built.header(), built.pages()));
            try {
                dropLsn = log.appendOpen(new LogRecord.Committed(drop, PageSet.empty()));
                log.flushAndWait(dropLsn);
            } catch (DiskException e) {
                from.abortNow(lsn);
                if (dropLsn != 0) {
                    from.abortNow(dropLsn);
                }
                throw e;
            }
            view.close();
        }
        try {
            if (built != null) {
                state.committed(built.header(), built.pages(), lsn, false);
            }
            return place(old, state, sums, drop, lsn);
        } finally {
            // Not before: the log is kept for the new name's sake as soon as the set knows it, and until then for this.
            log.settle(lsn);
            log.settle(dropLsn);
        }
    }

    /** Moves the file, and makes the new name known. @param lsn of its record, or 0 */
    private int place(State old, State state, PageChecksums sums, TransactionHeader drop, long lsn)
            throws DiskException {
        TransactionLog log = services.log();
        disk.rename(DatabaseSet.path(from.name()), DatabaseSet.path(to));
        set.syncParent(from.name());
        set.syncParent(to);
        if (lsn != 0) {
            log.flushAndWait(log.append(new LogRecord.Watermark(from.name(), log.lastLsn())));
        }
        DiskFile reopened = disk.open(DatabaseSet.path(to), Disk.Mode.WRITE);
        State moved = new State(to, services, new CommittedFile(reopened), sums, state.position);
        moved.moved(state.lastHeader(), lsn);
        moved.wantsFull = state.wantsFull;
        moved.uid = state.uid;
        moved.gid = state.gid;
        moved.mode = state.mode;
        set.renamed(from, drop, new Database(set, services, moved, 0));
        from.abandon();
        from.detach();
        disk.unlink(DatabaseSet.sumsPath(from.name()));
        return Errno.OK;
    }

    private static TransactionHeader dropNothing(State state) {
        return new TransactionHeader(
                state.name,
                0,
                0,
                0,
                state.pageSize,
                0,
                0,
                PageChecksum.EMPTY,
                TransactionHeader.Image.DROP,
                state.uid,
                state.gid,
                state.mode);
    }
}
