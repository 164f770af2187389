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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * rename(2) of a database. A name's history is its own: the new name gets everything as one transaction at its next
 * TXID, the old one is dropped at its. Both records are durable before the file is moved.
 */
final class Rename {
    private static final Logger LOG = LoggerFactory.getLogger(Rename.class);

    private final DatabaseSet set;
    private final Disk disk;
    private final Services services;
    private final Database from;
    private final String to;
    private final Runnable renamed;

    Rename(DatabaseSet set, Disk disk, Services services, Database from, String to, Runnable renamed) {
        this.set = set;
        this.disk = disk;
        this.services = services;
        this.from = from;
        this.to = to;
        this.renamed = renamed;
    }

    void run(Completion completion) {
        AtomicInteger errno = new AtomicInteger(Errno.EBUSY);
        Runnable answer = () -> completion.done(errno.get());
        Optional<Database> target = set.find(to);
        if (target.isEmpty()) {
            services.host().withExclusiveLock(from, held -> errno.set(held ? told(move()) : Errno.EBUSY), answer);
        } else {
            Database onto = target.get();
            services.host()
                    .withExclusiveLocks(
                            from, onto, both -> errno.set(both ? told(moveOnto(onto)) : Errno.EBUSY), answer);
        }
    }

    /** While the locks are held, but none of ours. */
    private int told(int errno) {
        if (errno == Errno.OK) {
            renamed.run();
        }
        return errno;
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

    /** Until the file has its new name, what fails leaves everything as it was; nothing fails after it. */
    private int moveLocked() throws DiskException {
        State old = from.state();
        from.drain();
        disk.unlink(DatabaseSet.sumsPath(to));
        DiskFile file = disk.open(DatabaseSet.path(from.name()), Disk.Mode.WRITE);
        PageChecksums sums;
        try {
            sums = new PageChecksums(disk, DatabaseSet.sumsPath(to));
        } catch (DiskException e) {
            file.close();
            throw e;
        }
        try {
            State state = new State(to, services, new CommittedFile(file), sums, set.lastPosition(to));
            state.notBefore(set.latestMillis(to));
            state.wantsFull = true;
            state.uid = old.uid;
            state.gid = old.gid;
            state.mode = old.mode;
            if (old.position.txid() == 0) {
                disk.rename(DatabaseSet.path(from.name()), DatabaseSet.path(to));
                syncNames();
                moved(state, dropNothing(old));
            } else {
                moveWithRecords(old, state);
            }
        } catch (DiskException e) {
            sums.close();
            file.close();
            throw e;
        }
        return Errno.OK;
    }

    private void moveWithRecords(State old, State state) throws DiskException {
        TransactionLog log = services.log();
        Overlay view =
                new Overlay(old.file.beneath(), services.newSlots(Math.max(old.pageSize, 512)), old.file.viewSize());
        RecordBuilder.Built built = RecordBuilder.build(state, view, old.pageSize);
        TransactionHeader drop = set.dropOf(old);
        long lsn = log.appendOpen(new LogRecord.Committed(built.header(), built.pages()));
        long dropLsn = 0;
        try {
            dropLsn = log.appendOpen(new LogRecord.Committed(drop, PageSet.empty()));
            log.flushAndWait(dropLsn);
            disk.rename(DatabaseSet.path(from.name()), DatabaseSet.path(to));
        } catch (DiskException e) {
            from.abortNow(lsn);
            if (dropLsn != 0) {
                from.abortNow(dropLsn);
            }
            throw e;
        }
        view.close();
        try {
            state.committed(built.header(), built.pages(), lsn, false);
        } catch (DiskException e) {
            state.moved(built.header(), lsn);
            state.wantsFull = true;
        }
        if (syncNames()) {
            try {
                log.flushAndWait(log.append(new LogRecord.Watermark(from.name(), log.lastLsn())));
            } catch (DiskException e) {
                LOG.warn("a restart renames a database again: database={} error=\"{}\"", to, e.getMessage());
            }
        }
        moved(state, drop);
        // Not before: the log is kept for the new name's sake as soon as the set knows it, and until then for this.
        log.settle(lsn);
        log.settle(dropLsn);
    }

    /** @return false if a power failure may undo the rename: recovery then does it again */
    private boolean syncNames() {
        try {
            set.syncParent(from.name());
            set.syncParent(to);
            return true;
        } catch (DiskException e) {
            LOG.warn("could not sync the name of a database: database={} error=\"{}\"", to, e.getMessage());
            return false;
        }
    }

    private void moved(State state, TransactionHeader drop) {
        set.renamed(from, drop, new Database(set, services, state, 0));
        from.abandon();
        from.detach();
        try {
            disk.unlink(DatabaseSet.sumsPath(from.name()));
        } catch (DiskException e) {
            // It is removed before another file of the name becomes a database.
        }
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
