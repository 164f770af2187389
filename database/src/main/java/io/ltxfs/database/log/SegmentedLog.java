package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log as files: segments {@code log/<sequence>.log}, stages {@code log/stage-<id>}; see {@link LogLayout} for the
 * bytes, {@link LogTail} for writing, {@link GroupCommit} for sharing syncs, {@link LogOpener} for what happens at start.
 */
final class SegmentedLog implements TransactionLog {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentedLog.class);
    private static final long TRIM_WAIT_MILLIS = 50;

    private final Disk disk;
    private final LogOptions options;
    private final SegmentList segments;
    private final Catalog catalog;
    private final List<LogDamage> damage;
    private final SegmentMaker maker;
    private final LogTail tail;
    private final GroupCommit group;
    private final PageReader pageReader;
    private final LogScanner scanner;
    private final History history;
    private final VersionReader versionReader;
    private final Trimmer trimmer;
    private final OpenRecords open = new OpenRecords();
    private final List<Runnable> progressTasks = new CopyOnWriteArrayList<>();

    /** Held for reading while records are read, for writing while segments are removed and their files used again. */
    private final ReentrantReadWriteLock keep = new ReentrantReadWriteLock();

    /** The state before the first kept record. */
    private volatile Map<String, CatalogEntry> beginning;

    private SegmentedLog(Disk disk, LogOptions options) throws DiskException {
        this.disk = disk;
        this.options = options;
        this.pageReader = new PageReader(disk);
        this.segments = new SegmentList();
        this.scanner = new LogScanner(disk, segments);
        this.history = new History();
        LogOpener opener = new LogOpener(disk, segments, history::record);
        opener.open();
        this.catalog = opener.catalog();
        this.damage = List.copyOf(opener.damage());
        AtomicReference<@Nullable GroupCommit> later = new AtomicReference<>();
        this.maker = new SegmentMaker(disk, options);
        LongConsumer durableMoved = lsn -> {
            GroupCommit started = later.get();
            if (started != null) {
                started.advance(lsn);
            }
        };
        this.tail = new LogTail(
                disk, options, segments, catalog, maker, durableMoved, durable -> open.firstLsn(() -> durable));
        this.group = new GroupCommit(tail, options);
        later.set(group);
        if (opener.lastIsUsable()) {
            DiskFile file = disk.open(segments.last().path(), Disk.Mode.WRITE);
            tail.resume(file, opener.chain(), opener.nextStage());
        } else {
            tail.begin(opener.lastLsn(), opener.chain(), opener.nextSequence(), opener.nextStage());
        }
        this.versionReader = new VersionReader(disk, segments, scanner, history, this::isUndecidedMember);
        this.trimmer = new Trimmer(disk, options, segments, scanner, history, new InternalAppender());
        Segment first = segments.all().stream()
                .filter(segment -> segment.headBytes > 0)
                .findFirst()
                .orElseThrow();
        this.beginning = scanner.catalogBefore(first, tail.lastLsn()).entries();
        history.beginAt(first.firstLsn, beginning);
        damage.forEach(found -> found.databases().forEach(history::forget));
        group.onProgress(this::progressed);
        group.start(tail.lastLsn());
    }

    static TransactionLog open(Disk disk, LogOptions options) throws DiskException {
        return new SegmentedLog(disk, options);
    }

    @Override
    public long append(LogRecord record) throws DiskException {
        boolean withdraws = record instanceof LogRecord.Abort
                || (record instanceof LogRecord.Prepared prepared && prepared.replaces() != 0);
        long lsn = appendLocked(record);
        if (withdraws) {
            progressed();
        }
        return lsn;
    }

    @Override
    public LogEntry appendReceived(LogRecord.Committed record) throws DiskException {
        tail.appendLock.lock();
        try {
            long lsn = appendCommitted(record);
            return new LogEntry(
                    lsn,
                    LogEntry.Kind.COMMITTED,
                    record.header(),
                    "",
                    List.of(),
                    "",
                    record.pages().count(),
                    tail.last().location());
        } finally {
            tail.appendLock.unlock();
        }
    }

    @Override
    public long appendOpen(LogRecord record) throws DiskException {
        tail.appendLock.lock();
        try {
            // Before it is there: a sync that runs may have it durable before this thread goes on.
            long lsn = tail.lastLsn() + 1;
            open.add(lsn, record instanceof LogRecord.GroupCommit mark ? mark.lsns() : List.of(lsn));
            boolean done = false;
            try {
                appendLocked(record);
                done = true;
            } finally {
                if (!done) {
                    open.remove(lsn);
                }
            }
            return lsn;
        } finally {
            tail.appendLock.unlock();
        }
    }

    @Override
    public void settle(long lsn) {
        if (open.remove(lsn) && group.durable() >= lsn) {
            progressed();
        }
    }

    @Override
    public boolean reopen(long lsn) {
        return open.addUnlessDurable(lsn, group::durable);
    }

    @Override
    public long firstUnsettledLsn() {
        tail.appendLock.lock();
        try {
            return Math.min(catalog.firstUndecided(), open.firstLsn(group::durable));
        } finally {
            tail.appendLock.unlock();
        }
    }

    @Override
    public boolean isWithdrawn(long lsn) {
        return history.isWithdrawn(lsn);
    }

    @Override
    public Cursor cursor(long fromLsn) {
        return new LogCursor(
                disk, segments, keep.readLock(), () -> open.settledLsn(group::durable), () -> beginning, fromLsn);
    }

    @Override
    public void onProgress(Runnable task) {
        progressTasks.add(task);
    }

    private void progressed() {
        for (Runnable task : progressTasks) {
            task.run();
        }
    }

    private long appendLocked(LogRecord record) throws DiskException {
        tail.appendLock.lock();
        try {
            if (record instanceof LogRecord.Committed committed) {
                return appendCommitted(committed);
            } else if (record instanceof LogRecord.Prepared prepared) {
                return appendPrepared(prepared);
            } else if (record instanceof LogRecord.Commit commit) {
                long lsn = appendMark(LogLayout.COMMIT, List.of(commit.lsn()));
                catalog.commit(commit.lsn());
                return lsn;
            } else if (record instanceof LogRecord.GroupCommit groupCommit) {
                long lsn = appendMark(LogLayout.GROUP_COMMIT, groupCommit.lsns());
                groupCommit.lsns().forEach(catalog::commit);
                return lsn;
            } else if (record instanceof LogRecord.Abort abort) {
                long lsn = appendMark(LogLayout.ABORT, List.of(abort.lsn()));
                catalog.abort(abort.lsn());
                history.withdraw(abort.lsn());
                open.aborted(abort.lsn(), lsn);
                return lsn;
            } else if (record instanceof LogRecord.Watermark watermark) {
                return appendWatermark(watermark);
            }
            throw new IllegalArgumentException("unknown record " + record);
        } finally {
            tail.appendLock.unlock();
        }
    }

    private long appendCommitted(LogRecord.Committed record) throws DiskException {
        TransactionHeader header = record.header();
        PageSet pages = record.pages();
        long stage = stageOf(pages);
        long lsn = tail.append(
                LogLayout.COMMITTED,
                out -> LogLayout.putTransaction(out, header, stage, 0, ""),
                pages,
                header.pageSize(),
                false);
        catalog.committed(lsn, header);
        history.transaction(lsn, header, 0);
        return lsn;
    }

    private long appendPrepared(LogRecord.Prepared record) throws DiskException {
        TransactionHeader header = record.header();
        PageSet pages = record.pages();
        long stage = stageOf(pages);
        long lsn = tail.append(
                LogLayout.PREPARED,
                out -> LogLayout.putTransaction(out, header, stage, record.replaces(), record.group()),
                pages,
                header.pageSize(),
                false);
        catalog.prepared(lsn, header, record.group(), record.replaces());
        history.transaction(lsn, header, record.replaces());
        open.aborted(record.replaces(), lsn);
        return lsn;
    }

    private static long stageOf(PageSet pages) {
        return pages.count() == 0 ? 0 : pages.stage().map(Stage::id).orElse(0L);
    }

    private long appendMark(byte kind, List<Long> lsns) throws DiskException {
        return tail.append(kind, out -> LogLayout.putLsns(out, lsns), PageSet.empty(), 0, true);
    }

    private long appendWatermark(LogRecord.Watermark watermark) throws DiskException {
        long lsn = tail.append(
                LogLayout.WATERMARK,
                out -> {
                    out.putLong(watermark.lsn());
                    LogLayout.putString(out, watermark.database());
                },
                PageSet.empty(),
                0,
                true);
        catalog.watermark(watermark.database(), watermark.lsn());
        return lsn;
    }

    @Override
    public void flush(long lsn, FlushCallback callback) {
        group.flush(Math.min(lsn, tail.lastLsn()), callback);
    }

    @Override
    public void flushAndWait(long lsn) throws DiskException {
        group.flushAndWait(Math.min(lsn, tail.lastLsn()));
    }

    @Override
    public long durableLsn() {
        return group.durable();
    }

    @Override
    public long lastLsn() {
        return tail.lastLsn();
    }

    @Override
    public long firstLsn() {
        return segments.first().firstLsn;
    }

    @Override
    public long bytes() {
        return segments.bytes();
    }

    @Override
    public long bytesFrom(long lsn) {
        tail.appendLock.lock();
        try {
            return segments.bytesFrom(lsn);
        } finally {
            tail.appendLock.unlock();
        }
    }

    @Override
    public long maxBytes() {
        return options.maxBytes();
    }

    @Override
    public long syncs() {
        return tail.syncs();
    }

    @Override
    public List<LogDamage> damage() {
        return damage;
    }

    @Override
    public Map<String, CatalogEntry> catalog() {
        return beginning;
    }

    @Override
    public void scan(long fromLsn, Visitor visitor) throws DiskException {
        keep.readLock().lock();
        try {
            scanner.scan(
                    fromLsn,
                    tail.lastLsn(),
                    (file, reader, segment) -> reader.isInternal() || visitor.visit(reader.entry(segment.sequence)));
        } finally {
            keep.readLock().unlock();
        }
    }

    @Override
    public void table(LogEntry entry, TableVisitor visitor) throws DiskException {
        if (entry.pageCount() > 0) {
            at(
                    entry,
                    (file, reader, segment) -> PageReader.table(
                            file, reader, (index, pgno, slot, checksum) -> visitor.page(index, pgno, checksum)));
        }
    }

    @Override
    public void pages(LogEntry entry, PageVisitor visitor) throws DiskException {
        if (entry.pageCount() > 0) {
            at(entry, (file, reader, segment) -> pageReader.pages(file, reader, visitor));
        }
    }

    @Override
    public void newestPages(List<LogEntry> transactions, PageVisitor visitor) throws DiskException {
        if (transactions.isEmpty()) {
            return;
        }
        keep.readLock().lock();
        try (VersionMap versions = new VersionMap(disk)) {
            long[] keptPages = keptPages(transactions);
            for (int i = 0; i < transactions.size(); i++) {
                int order = i;
                find(transactions.get(i), (file, reader, segment) -> versions.take(file, reader, segment, order));
            }
            int commit = (int) keptPages[keptPages.length - 1];
            for (int pgno : versions.pgnos(commit)) {
                if (Integer.toUnsignedLong(pgno) <= keptPages[(int) versions.asOf(pgno)]) {
                    versions.page(pgno, visitor);
                }
            }
        } finally {
            keep.readLock().unlock();
        }
    }

    /** For each transaction: up to which page its pages outlive it and those behind it. */
    private static long[] keptPages(List<LogEntry> transactions) {
        long[] kept = new long[transactions.size()];
        long least = Long.MAX_VALUE;
        for (int i = kept.length - 1; i >= 0; i--) {
            TransactionHeader header = transactions.get(i).header();
            if (header == null) {
                throw new IllegalArgumentException(
                        "record " + transactions.get(i).lsn() + " is no transaction");
            }
            least = Math.min(least, Integer.toUnsignedLong(header.commit()));
            kept[i] = least;
        }
        return kept;
    }

    /** Works on one record. */
    @FunctionalInterface
    private interface RecordAction {
        void run(DiskFile file, RecordReader reader, Segment segment) throws DiskException;
    }

    private void at(LogEntry entry, RecordAction action) throws DiskException {
        keep.readLock().lock();
        try {
            find(entry, action);
        } finally {
            keep.readLock().unlock();
        }
    }

    private void find(LogEntry entry, RecordAction action) throws DiskException {
        LogEntry.Location location = segments.resolve(entry.location(), entry.lsn());
        Segment segment = location == null ? null : segments.at(location.segment());
        if (location == null || segment == null) {
            throw new DiskException(Errno.ENOENT, "record " + entry.lsn() + " is not in the log any more");
        }
        try (DiskFile file = disk.open(LogFiles.segment(location.segment()), Disk.Mode.READ)) {
            RecordReader reader = RecordReader.at(file, location.offset());
            if (!reader.next() || reader.lsn() != entry.lsn()) {
                throw new DiskException(
                        Errno.EIO,
                        "record " + entry.lsn() + " of the log is not at offset " + location.offset() + " of "
                                + LogFiles.segment(location.segment()));
            }
            action.run(file, reader, segment);
        }
    }

    @Override
    public Stage newStage() throws DiskException {
        long id = tail.newStageId();
        String path = LogFiles.stage(id);
        DiskFile file = disk.open(path, Disk.Mode.CREATE);
        try {
            file.truncate(0);
        } catch (DiskException e) {
            file.close();
            throw e;
        }
        return new Stage(id, path, new StageFile(file));
    }

    @Override
    public void discardStage(Stage stage) {
        stage.file().close();
        try {
            disk.unlink(stage.path());
        } catch (DiskException e) {
            // Nothing names it: the next start removes it.
            return;
        }
    }

    @Override
    public Hold hold() {
        keep.readLock().lock();
        return () -> keep.readLock().unlock();
    }

    @Override
    public long firstTxid(String database) {
        return history.baseTxid(database);
    }

    @Override
    public void pageVersions(String database, long limitLsn, PageVisitor visitor) throws DiskException {
        keep.readLock().lock();
        try {
            versionReader.read(database, limitLsn, beginning, visitor);
        } finally {
            keep.readLock().unlock();
        }
    }

    private boolean isUndecidedMember(long lsn) {
        tail.appendLock.lock();
        try {
            return catalog.isUndecidedMember(lsn);
        } finally {
            tail.appendLock.unlock();
        }
    }

    @Override
    public void trim(long keepFromLsn) throws DiskException {
        if (!tryKeepReadersOut()) {
            return;
        }
        try {
            int most = segments.size();
            for (int i = 0; i < most && segments.bytes() > options.maxBytes() && trimFirst(keepFromLsn); i++) {
                // Each round takes one segment, and may add to the last.
            }
            if (segments.last().end > options.segmentBytes() / 2) {
                maker.prepare();
            }
        } finally {
            keep.writeLock().unlock();
        }
    }

    /** Readers are many and quick, but for the one who holds the log: so it is worth a moment. */
    private boolean tryKeepReadersOut() {
        try {
            return keep.writeLock().tryLock(options.threads() ? TRIM_WAIT_MILLIS : 0, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** @return false if the first segment has to stay */
    private boolean trimFirst(long keepFromLsn) throws DiskException {
        List<Segment> all = segments.all();
        int next = 1;
        while (next < all.size() && all.get(next).headBytes == 0) {
            next++;
        }
        if (next == all.size()) {
            return false;
        }
        Segment first = all.get(0);
        Segment second = all.get(next);
        if (second.firstLsn > keepFromLsn || firstUnsettledLsn() < second.firstLsn) {
            return false;
        }
        Map<String, CatalogEntry> then =
                scanner.catalogBefore(second, tail.lastLsn()).entries();
        try {
            trimmer.carry(first, second, then);
        } catch (DiskException e) {
            if (e.errno() != Errno.ENOSPC) {
                throw e;
            }
            // Room for new transactions is worth more than old positions.
            LOG.warn(
                    "dropped positions before lsn={}: no room to carry them reason=\"{}\"",
                    second.firstLsn,
                    e.getMessage());
        }
        tail.appendLock.lock();
        try {
            for (int i = 0; i < next; i++) {
                segments.removeFirst();
            }
            beginning = then;
            history.beginAt(second.firstLsn, then);
        } finally {
            tail.appendLock.unlock();
        }
        for (int i = 0; i < next; i++) {
            maker.dispose(all.get(i));
            trimmer.removeStages(all.get(i));
        }
        return true;
    }

    /** What the trimmer appends. */
    private final class InternalAppender implements Trimmer.Appender {
        @Override
        public LogTail.Place append(byte kind, LogTail.Metadata metadata, PageSet pages, int pageSize)
                throws DiskException {
            tail.appendLock.lock();
            try {
                tail.append(kind, metadata, pages, pageSize, false);
                return tail.last();
            } finally {
                tail.appendLock.unlock();
            }
        }

        @Override
        public void flush(long lsn) throws DiskException {
            flushAndWait(lsn);
        }
    }

    @Override
    public void close() throws DiskException {
        try {
            flushAndWait(tail.lastLsn());
        } finally {
            group.close();
            tail.appendLock.lock();
            try {
                tail.close();
            } finally {
                tail.appendLock.unlock();
            }
        }
    }
}
