package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what a log's directory holds (R15): the longest contiguous run of segments that ends with the newest, every
 * record in the chain. Of the last segment, which may have been torn by a power cut, pages are verified too, and what
 * comes after the first bad record is cut off. What the disk fails to read is another matter:
 * the log is not opened then, because it may be read the next time, and going on without it would lose it for good.
 *
 * <p>A sealed segment was durable before the next one was begun. If it does not reach up to the next one's beginning, it
 * was damaged later; that is reported, and reading goes on with the next segment, whose head tells which databases lost
 * something.
 */
final class LogOpener {
    private static final Logger LOG = LoggerFactory.getLogger(LogOpener.class);

    private final Disk disk;
    private final SegmentList segments;
    private final RecordObserver observer;
    private final List<LogDamage> damage = new ArrayList<>();
    private final Set<Long> stagesNamed = new HashSet<>();
    private final Set<Long> stagesFound = new TreeSet<>();

    private Catalog catalog = new Catalog();
    private long chain;
    private long lastLsn;
    private long nextStage = 1;
    private long nextSequence = 1;
    private boolean lastIsUsable;
    private boolean tailIsSuspect;

    /** Told every record of the kept log once, in order. */
    @FunctionalInterface
    interface RecordObserver {
        void record(RecordReader record, Segment segment) throws DiskException;
    }

    LogOpener(Disk disk, SegmentList segments, RecordObserver observer) {
        this.disk = disk;
        this.segments = segments;
        this.observer = observer;
    }

    Catalog catalog() {
        return catalog;
    }

    List<LogDamage> damage() {
        return damage;
    }

    /** The last record's chain and LSN. */
    long chain() {
        return chain;
    }

    long lastLsn() {
        return lastLsn;
    }

    long nextStage() {
        return nextStage;
    }

    long nextSequence() {
        return nextSequence;
    }

    /** Whether records can be appended to the last segment. */
    boolean lastIsUsable() {
        return lastIsUsable;
    }

    void open() throws DiskException {
        disk.makeDirectories(TransactionLog.DIRECTORY);
        disk.syncDirectory("");
        tailIsSuspect = disk.exists(LogFiles.UNSYNCED);
        TreeMap<Long, Optional<SegmentHead>> heads = readHeads(findFiles());
        Map.Entry<Long, Optional<SegmentHead>> newest = heads.lastEntry();
        if (newest != null && newest.getValue().isEmpty()) {
            setAside(newest.getKey());
            heads.remove(newest.getKey());
        }
        keepContiguousEnd(heads);
        List<Long> sequences = new ArrayList<>(heads.keySet());
        boolean damagedBefore = false;
        for (int i = 0; i < sequences.size(); i++) {
            long sequence = sequences.get(i);
            Optional<SegmentHead> head = heads.get(sequence);
            Optional<SegmentHead> next = i + 1 < sequences.size()
                    ? heads.getOrDefault(sequences.get(i + 1), Optional.empty())
                    : Optional.empty();
            boolean isLast = i + 1 == sequences.size();
            if (head == null || head.isEmpty()) {
                segments.add(new Segment(sequence, lastLsn + 1, 0, -1));
                damage.add(new LogDamage(sequence, 0, "the segment's head cannot be read", Set.of()));
                damagedBefore = true;
                continue;
            }
            if (i == 0 || damagedBefore) {
                takeHead(head.get(), i > 0);
            }
            damagedBefore = !readSegment(head.get(), next, isLast);
        }
        if (!sequences.isEmpty()) {
            nextSequence = sequences.get(sequences.size() - 1) + 1;
        }
        nameDatabasesOfLastDamage();
        removeOrphanedStages();
    }

    private TreeSet<Long> findFiles() throws DiskException {
        TreeSet<Long> sequences = new TreeSet<>();
        for (String name : disk.list(TransactionLog.DIRECTORY)) {
            if (name.endsWith(LogFiles.TEMPORARY)) {
                disk.unlink(LogFiles.path(name));
            }
            LogFiles.segmentOf(name).ifPresent(sequences::add);
            LogFiles.stageOf(name).ifPresent(stagesFound::add);
        }
        for (long stage : stagesFound) {
            nextStage = Math.max(nextStage, stage + 1);
        }
        return sequences;
    }

    private TreeMap<Long, Optional<SegmentHead>> readHeads(TreeSet<Long> sequences) throws DiskException {
        TreeMap<Long, Optional<SegmentHead>> heads = new TreeMap<>();
        for (long sequence : sequences) {
            try (DiskFile file = disk.open(LogFiles.segment(sequence), Disk.Mode.READ)) {
                Optional<SegmentHead> head = SegmentHead.read(file).filter(h -> h.sequence() == sequence);
                head.ifPresent(h -> nextStage = Math.max(nextStage, h.nextStage()));
                heads.put(sequence, head);
            }
        }
        return heads;
    }

    /** A head is durable before its segment has a name: this one was damaged, and may hold records. */
    private void setAside(long sequence) throws DiskException {
        String path = LogFiles.segment(sequence);
        damage.add(new LogDamage(
                sequence,
                0,
                "the head of the newest segment cannot be read; the file is kept as " + path + LogFiles.DAMAGED,
                Set.of()));
        disk.rename(path, path + LogFiles.DAMAGED);
        disk.syncDirectory(TransactionLog.DIRECTORY);
    }

    private void keepContiguousEnd(TreeMap<Long, Optional<SegmentHead>> heads) throws DiskException {
        if (heads.isEmpty()) {
            return;
        }
        long first = heads.lastKey();
        while (heads.containsKey(first - 1)) {
            first--;
        }
        for (long old : List.copyOf(heads.headMap(first).keySet())) {
            LOG.info("removed a log segment that was trimmed before segment={}", old);
            disk.unlink(LogFiles.segment(old));
            heads.remove(old);
        }
    }

    /** Begins with what a head says; after damage, what it says more than we know was lost. */
    private void takeHead(SegmentHead head, boolean afterDamage) {
        if (afterDamage) {
            Map<String, Long> known = catalog.newest();
            Set<String> lost = new TreeSet<>();
            head.catalog().newest().forEach((name, lsn) -> {
                if (!lsn.equals(known.get(name))) {
                    lost.add(name);
                }
            });
            int last = damage.size() - 1;
            LogDamage found = damage.get(last);
            Set<String> all = new TreeSet<>(found.databases());
            all.addAll(lost);
            damage.set(last, new LogDamage(found.segment(), found.offset(), found.what(), Set.copyOf(all)));
        }
        catalog = head.catalog();
        chain = head.previousChain();
        lastLsn = head.firstLsn() - 1;
    }

    /** @return false if the segment does not reach up to the next */
    private boolean readSegment(SegmentHead head, Optional<SegmentHead> next, boolean isLast) throws DiskException {
        Segment segment = new Segment(head.sequence(), head.firstLsn(), head.bytes(), -1);
        segments.add(segment);
        long stopLsn = next.map(n -> n.firstLsn() - 1).orElse(Long.MAX_VALUE);
        try (DiskFile file = disk.open(segment.path(), Disk.Mode.READ)) {
            RecordReader reader = new RecordReader(file, head.bytes());
            long size = file.size();
            while (lastLsn < stopLsn && isNext(reader, size) && (!isLast || pagesAreGood(file, reader))) {
                take(reader, segment);
            }
        }
        if (isLast) {
            lastIsUsable = true;
            cutTail(segment);
            return true;
        }
        boolean whole =
                next.isPresent() && lastLsn == stopLsn && chain == next.get().previousChain();
        if (!whole && next.isPresent()) {
            damage.add(new LogDamage(segment.sequence, segment.end, "the record does not have its checksum", Set.of()));
        }
        return whole;
    }

    private boolean isNext(RecordReader reader, long size) throws DiskException {
        return reader.next()
                && reader.lsn() == lastLsn + 1
                && reader.end() <= size
                && reader.chain() == reader.computeChain(chain);
    }

    private boolean pagesAreGood(DiskFile file, RecordReader reader) throws DiskException {
        if (reader.staged() && !stagesFound.contains(reader.stage())) {
            return false;
        }
        try {
            new PageReader(disk).pages(file, reader, (pgno, checksum, page) -> {});
            return true;
        } catch (PageReader.BadPageException e) {
            return false;
        }
    }

    private void take(RecordReader reader, Segment segment) throws DiskException {
        if (reader.staged()) {
            takeStage(reader, segment);
        }
        if (!reader.isInternal()) {
            catalog.apply(reader.entry(segment.sequence));
        }
        observer.record(reader, segment);
        chain = reader.chain();
        lastLsn = reader.lsn();
        segment.lastLsn = lastLsn;
        segment.end = reader.end();
    }

    private void takeStage(RecordReader reader, Segment segment) throws DiskException {
        long id = reader.stage();
        stagesNamed.add(id);
        nextStage = Math.max(nextStage, id + 1);
        if (stagesFound.contains(id)) {
            try (DiskFile stage = disk.open(LogFiles.stage(id), Disk.Mode.READ)) {
                segment.addStage(new Segment.StageRef(reader.lsn(), id, stage.size()));
            }
            return;
        }
        TransactionHeader header = reader.entry(segment.sequence).header();
        damage.add(new LogDamage(
                segment.sequence,
                reader.offset(),
                "the stage " + LogFiles.stage(id) + " with the record's pages is missing",
                header == null ? Set.of() : Set.of(header.database())));
    }

    /** Whether zeros stand where a record would begin: space that was reserved, and not used before the stop. */
    private static boolean isReserved(DiskFile file, long offset) throws DiskException {
        ByteBuffer head = ByteBuffer.allocate(Long.BYTES);
        file.read(head, offset);
        return head.getLong(0) == 0;
    }

    /** Takes away what a power cut tore, for good, before anything is written in its place. */
    private void cutTail(Segment segment) throws DiskException {
        try {
            makeTailDurable(segment);
        } catch (DiskException e) {
            // The next start must not take a sync that succeeds for a proof (F7).
            try {
                disk.open(LogFiles.UNSYNCED, Disk.Mode.CREATE).close();
            } catch (DiskException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        disk.unlink(LogFiles.UNSYNCED);
    }

    private void makeTailDurable(Segment segment) throws DiskException {
        try (DiskFile file = disk.open(segment.path(), Disk.Mode.WRITE)) {
            long size = file.size();
            if (size != segment.end) {
                if (isReserved(file, segment.end)) {
                    LOG.debug("gave reserved space back segment={} bytes={}", segment.sequence, size - segment.end);
                } else {
                    LOG.info(
                            "cut the log's torn end segment={} offset={} bytes={}",
                            segment.sequence,
                            segment.end,
                            size - segment.end);
                }
                file.truncate(segment.end);
            }
            makeDurable(file, segment.end);
        }
        for (Segment.StageRef stage : segment.stages()) {
            try (DiskFile file = disk.open(LogFiles.stage(stage.id()), Disk.Mode.WRITE)) {
                makeDurable(file, stage.bytes());
            }
        }
        disk.syncDirectory(TransactionLog.DIRECTORY);
    }

    /** After a failed sync the kernel may hold pages that it thinks are on disk: they have to be written again. */
    private void makeDurable(DiskFile file, long bytes) throws DiskException {
        if (tailIsSuspect) {
            ByteBuffer piece = ByteBuffer.allocateDirect(1 << 18);
            for (long at = 0; at < bytes; at += piece.capacity()) {
                piece.clear().limit((int) Math.min(piece.capacity(), bytes - at));
                file.read(piece, at);
                file.write(piece.flip(), at);
            }
        }
        file.sync();
    }

    /** After damage at the very end there is no later head to ask: every database may have lost something. */
    private void nameDatabasesOfLastDamage() {
        Set<String> all = catalog.newest().keySet();
        for (int i = 0; i < damage.size(); i++) {
            LogDamage found = damage.get(i);
            boolean atTheEnd =
                    found.segment() >= nextSequence - 1 && found.databases().isEmpty();
            if (atTheEnd) {
                damage.set(i, new LogDamage(found.segment(), found.offset(), found.what(), Set.copyOf(all)));
            }
            LOG.error(
                    "found damage in the log segment={} offset={} what=\"{}\" databases={}",
                    found.segment(),
                    found.offset(),
                    found.what(),
                    damage.get(i).databases());
        }
    }

    private void removeOrphanedStages() throws DiskException {
        if (!damage.isEmpty()) {
            return;
        }
        for (long id : stagesFound) {
            if (!stagesNamed.contains(id)) {
                disk.unlink(LogFiles.stage(id));
            }
        }
    }
}
