package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of the log: where records are appended and made durable.
 *
 * <p>Two locks. The <em>append lock</em> orders the records; the <em>sync lock</em> keeps syncs apart, because the
 * kernel reports a failed write-back to only one of two that run at the same time, and the other would answer for data
 * that is lost. The append lock is taken first; appends go on while a sync runs. A new segment is begun under both.
 *
 * <p>A segment is made under a temporary name and renamed when its head is durable; nothing is appended to it before
 * the name is durable too (R14). So there is never a segment without a head, and a failed attempt leaves nothing behind.
 *
 * <p>After a failed sync nothing is known of what the segment holds on the disk, and a second sync that succeeds proves
 * nothing (F7). What was not durable is then copied, verified, to a new segment under the same LSNs, and the new
 * segment's first LSN ends the old one. Until that has worked, appends and flushes fail, and each tries again, at most
 * every few seconds.
 */
final class LogTail implements GroupCommit.Syncer {
    private static final Logger LOG = LoggerFactory.getLogger(LogTail.class);

    /** Reserved beyond every transaction, so that marks which decide it always have room (R20). */
    private static final long MARK_RESERVE_BYTES = 64 * 1024;

    private static final long RESERVE_STEP_BYTES = 1 << 20;
    private static final long RETRY_MIN_NANOS = 100_000_000L;
    private static final long RETRY_MAX_NANOS = 5_000_000_000L;

    /** Where a record was put. */
    record Place(long lsn, LogEntry.Location location) {}

    /** A point of the log that has reached the kernel. */
    private record Point(DiskFile file, long lsn, long end, long chain) {}

    private final Disk disk;
    private final LogOptions options;
    private final SegmentList segments;
    private final Catalog catalog;
    private final LongConsumer durableMoved;
    private final LongUnaryOperator firstOpen;
    private final SegmentMaker maker;
    private final StageQueue stages;
    private final RecordWriter writer = new RecordWriter();

    final ReentrantLock appendLock = new ReentrantLock();
    private final ReentrantLock syncLock = new ReentrantLock();

    // Guarded by the append lock.
    private long nextStage;
    private Place last = new Place(0, new LogEntry.Location(0, 0));
    private long reservedEnd;
    private boolean tailToCut;
    private boolean nameToSync;
    private long retryAtNanos;
    private long retryDelayNanos;

    /** Everything appended. Written under the append lock. */
    private volatile @Nullable Point appended;

    /** Guarded by the sync lock. */
    private @Nullable Point durable;

    /** Set under the append lock, before the file is closed under the sync lock. */
    private volatile boolean closed;

    /** Written under the sync lock. */
    private volatile long syncs;

    /** The sync that failed. Set under the sync lock, cleared under both. */
    private volatile @Nullable DiskException failure;

    /**
     * @param durableMoved told the LSN up to which the log has become durable otherwise than by {@link #sync}
     * @param firstOpen from up to where the log is durable to the first LSN that may be withdrawn although it is
     */
    LogTail(
            Disk disk,
            LogOptions options,
            SegmentList segments,
            Catalog catalog,
            SegmentMaker maker,
            LongConsumer durableMoved,
            LongUnaryOperator firstOpen) {
        this.disk = disk;
        this.options = options;
        this.segments = segments;
        this.catalog = catalog;
        this.durableMoved = durableMoved;
        this.firstOpen = firstOpen;
        this.maker = maker;
        this.stages = new StageQueue(disk);
    }

    /** Continues behind the last record of the last segment, all of which is durable. */
    void resume(DiskFile file, long chain, long firstFreeStage) {
        Segment last = segments.last();
        Point point = new Point(file, last.lastLsn, last.end, chain);
        appended = point;
        durable = point;
        nextStage = firstFreeStage;
        reservedEnd = maker.writeAhead(file, last.end);
    }

    /** Begins a segment behind the last record, whatever follows it there. */
    void begin(long lastLsn, long chain, long sequence, long firstFreeStage) throws DiskException {
        nextStage = firstFreeStage;
        maker.prepare();
        appendLock.lock();
        syncLock.lock();
        try {
            newSegment(sequence, lastLsn, chain, catalog, 1, null);
        } finally {
            syncLock.unlock();
            appendLock.unlock();
        }
    }

    long lastLsn() {
        return appended().lsn;
    }

    long newStageId() {
        appendLock.lock();
        try {
            return nextStage++;
        } finally {
            appendLock.unlock();
        }
    }

    /** Fills in a record's metadata. */
    @FunctionalInterface
    interface Metadata {
        void put(ByteBuffer out);
    }

    /**
     * Appends a record; the append lock is held. Leaves no trace when it fails.
     *
     * @param isMark a short record that must find room even when the disk is full
     * @return its LSN
     */
    long append(byte kind, Metadata metadata, PageSet pages, int pageSize, boolean isMark) throws DiskException {
        makeReady();
        if (segments.last().end >= options.segmentBytes()) {
            try {
                roll();
            } catch (DiskException e) {
                if (!isMark || failure != null || nameToSync) {
                    throw e;
                }
            }
        }
        Stage given = pages.count() == 0 ? null : pages.stage().orElse(null);
        metadata.put(writer.begin());
        Point before = appended();
        Segment segment = segments.last();
        reserve(before, writer.sizeWith(pages.count(), pageSize, given != null), isMark);
        long lsn = before.lsn + 1;
        // The one who staged the pages reads them, and closes its file, when it likes.
        DiskFile stage = given == null ? null : disk.open(given.path(), Disk.Mode.WRITE);
        boolean mayBeWritten = false;
        try {
            Segment.StageRef ref =
                    given == null || stage == null ? null : new Segment.StageRef(lsn, given.id(), stage.size());
            Place place = new Place(lsn, new LogEntry.Location(segment.sequence, before.end));
            mayBeWritten = true;
            long end = writer.write(before.file, before.end, before.chain, kind, lsn, pages, pageSize);
            Point point = new Point(before.file, lsn, end, writer.chain());
            if (given != null && stage != null && ref != null) {
                stages.add(lsn, given, stage);
                segment.addStage(ref);
            }
            segment.end = end;
            segment.lastLsn = lsn;
            last = place;
            appended = point;
            return lsn;
        } catch (DiskException | RuntimeException | Error e) {
            stages.remove(lsn);
            if (stage != null) {
                stage.close();
            }
            if (mayBeWritten) {
                tailToCut = true;
                tryToCutTail(e);
            }
            throw e;
        }
    }

    /** Where the last record was put; the append lock is held. */
    Place last() {
        return last;
    }

    private void makeReady() throws DiskException {
        if (closed) {
            throw closed();
        }
        if (failure != null) {
            repair();
        }
        if (nameToSync) {
            disk.syncDirectory(TransactionLog.DIRECTORY);
            nameToSync = false;
            durableMoved.accept(segments.last().firstLsn - 1);
        }
        if (tailToCut) {
            cutTail();
        }
    }

    /** Takes away what a failed append may have written. Durably: a commit that was refused must not come back. */
    private void cutTail() throws DiskException {
        Point point = appended();
        point.file.truncate(point.end);
        reservedEnd = point.end;
        syncLock.lock();
        try {
            syncAll(point);
        } finally {
            syncLock.unlock();
        }
        tailToCut = false;
    }

    private void tryToCutTail(Throwable cause) {
        try {
            cutTail();
        } catch (DiskException e) {
            cause.addSuppressed(e);
        }
    }

    private void reserve(Point before, long bytes, boolean isMark) throws DiskException {
        long need = before.end + bytes;
        long wanted = need + MARK_RESERVE_BYTES;
        if (wanted <= reservedEnd) {
            return;
        }
        long generous = Math.max(options.segmentBytes(), wanted + RESERVE_STEP_BYTES);
        try {
            allocate(before.file, generous);
        } catch (DiskException e) {
            try {
                allocate(before.file, wanted);
            } catch (DiskException full) {
                if (!isMark || need > reservedEnd) {
                    throw full;
                }
            }
        }
    }

    private void allocate(DiskFile file, long end) throws DiskException {
        file.allocate(reservedEnd, end - reservedEnd);
        reservedEnd = end;
    }

    /** Goes on in a new segment; the append lock is held. */
    void roll() throws DiskException {
        syncLock.lock();
        try {
            syncAppended();
            Segment old = segments.last();
            newSegment(old.sequence + 1, appended().lsn, appended().chain, catalog, old.firstLsn, null);
        } finally {
            syncLock.unlock();
        }
    }

    /**
     * Makes a segment and continues in it; both locks are held.
     *
     * @param lastLsn the LSN before its first
     * @param chain the chain of that record
     * @param tail what is copied into it, or null for an empty one
     */
    private void newSegment(
            long sequence,
            long lastLsn,
            long chain,
            Catalog catalogBefore,
            long withdrawableFrom,
            @Nullable TailCopy tail)
            throws DiskException {
        Point reached = durable;
        long open = firstOpen.applyAsLong(reached == null ? 0 : reached.lsn);
        long withdrawable = Math.min(withdrawableFrom, open);
        SegmentMaker.Made made =
                maker.make(sequence, lastLsn, chain, nextStage, catalogBefore, withdrawable, MARK_RESERVE_BYTES, tail);
        Segment segment = new Segment(sequence, lastLsn + 1, made.headBytes(), tail == null ? -1 : tail.from());
        Point point = tail == null
                ? new Point(made.file(), lastLsn, made.headBytes(), chain)
                : new Point(made.file(), tail.lastLsn(), made.headBytes() + tail.bytes(), tail.lastChain());
        segment.lastLsn = point.lsn;
        segment.end = point.end;
        Point old = appended;
        Segment before = tail == null ? null : segments.last();
        segments.add(segment);
        if (before != null && tail != null) {
            // Only now: readers find each record at one of its places at any time.
            moveTail(before, segment, lastLsn, tail);
        }
        reservedEnd = made.reservedEnd();
        appended = point;
        durable = point;
        nameToSync = true;
        if (old != null) {
            old.file.close();
        }
        disk.syncDirectory(TransactionLog.DIRECTORY);
        nameToSync = false;
        durableMoved.accept(point.lsn);
    }

    private static void moveTail(Segment old, Segment segment, long lastLsn, TailCopy tail) {
        old.moveStages(lastLsn, segment);
        old.lastLsn = lastLsn;
        old.end = tail.from();
    }

    /** Makes everything durable that has reached the kernel when the sync begins. */
    @Override
    public long sync() throws DiskException {
        if (failure != null || nameToSync) {
            appendLock.lock();
            try {
                makeReady();
            } finally {
                appendLock.unlock();
            }
        }
        syncLock.lock();
        try {
            return syncAppended();
        } finally {
            syncLock.unlock();
        }
    }

    /** The LSN up to which the log is known to be durable. */
    private long syncAppended() throws DiskException {
        DiskException failed = failure;
        if (failed != null) {
            throw failed;
        }
        Point point = appended();
        Point before = durable;
        if (before == null || before.lsn != point.lsn) {
            if (closed) {
                throw closed();
            }
            syncAll(point);
        }
        return point.lsn;
    }

    private void syncAll(Point point) throws DiskException {
        try {
            stages.sync(point.lsn);
            point.file.sync();
            countSync();
        } catch (DiskException e) {
            LOG.error(
                    "log sync failed; nothing more is written to this segment segment={} from-lsn={} reason=\"{}\"",
                    segments.last().sequence,
                    durable == null ? 0 : durable.lsn + 1,
                    e.getMessage());
            failure = e;
            mark();
            throw e;
        }
        durable = point;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // the sync lock is held
    private void countSync() {
        syncs++;
    }

    /** How many syncs there have been. */
    long syncs() {
        return syncs;
    }

    private void mark() {
        try {
            disk.open(LogFiles.UNSYNCED, Disk.Mode.CREATE).close();
        } catch (DiskException e) {
            LOG.warn("the failed sync could not be noted for the next start reason=\"{}\"", e.getMessage());
        }
    }

    /** Saves the tail from a segment whose sync failed; the append lock is held. */
    private void repair() throws DiskException {
        DiskException failed = failure;
        if (failed == null) {
            return;
        }
        long now = System.nanoTime();
        if (options.threads() && retryDelayNanos > 0 && now - retryAtNanos < 0) {
            throw failed;
        }
        syncLock.lock();
        try {
            copyTail();
            failure = null;
            retryDelayNanos = 0;
            maker.removeQuietly(LogFiles.UNSYNCED);
            LOG.warn("log goes on in a new segment segment={} last-lsn={}", segments.last().sequence, appended().lsn);
        } catch (DiskException e) {
            retryDelayNanos = Math.min(Math.max(RETRY_MIN_NANOS, retryDelayNanos * 2), RETRY_MAX_NANOS);
            retryAtNanos = now + retryDelayNanos;
            throw e;
        } finally {
            syncLock.unlock();
        }
    }

    private void copyTail() throws DiskException {
        Point from = durable;
        if (from == null) {
            throw new IllegalStateException("a sync failed before anything was durable");
        }
        Segment old = segments.last();
        if (from.file != appended().file) {
            throw new IllegalStateException("the durable end of the log is not in the last segment");
        }
        stages.rewrite();
        TailCopy tail = TailCopy.of(disk, old, from.file, from.lsn, from.end, from.chain, appended().end);
        newSegment(old.sequence + 1, from.lsn, from.chain, tail.catalogBefore(), old.firstLsn, tail);
        stages.close();
    }

    private static DiskException closed() {
        return new DiskException(Errno.EIO, "the transaction log is closed");
    }

    /** The append lock is held. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        syncLock.lock();
        try {
            stages.close();
            Point point = appended;
            if (point != null) {
                point.file.close();
            }
        } finally {
            syncLock.unlock();
        }
    }

    private Point appended() {
        Point point = appended;
        if (point == null) {
            throw new IllegalStateException("the log has not been opened");
        }
        return point;
    }
}
