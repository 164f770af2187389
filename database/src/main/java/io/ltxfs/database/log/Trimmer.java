package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Takes the oldest segment off the log; what {@link History} says has to be carried is appended first and durable before
 * the segment goes. One thread at a time.
 */
final class Trimmer {
    private static final int CARRY_BYTES = 192 * 1024;
    private static final int NAMES_BYTES_MAX = 48 * 1024;

    /** Appends the log's internal records, and makes them durable. */
    interface Appender {
        /** Takes and gives back the append lock. */
        LogTail.Place append(byte kind, LogTail.Metadata metadata, PageSet pages, int pageSize) throws DiskException;

        void flush(long lsn) throws DiskException;
    }

    private final Disk disk;
    private final LogOptions options;
    private final SegmentList segments;
    private final LogScanner scanner;
    private final History history;
    private final Appender appender;

    Trimmer(
            Disk disk,
            LogOptions options,
            SegmentList segments,
            LogScanner scanner,
            History history,
            Appender appender) {
        this.disk = disk;
        this.options = options;
        this.segments = segments;
        this.scanner = scanner;
        this.history = history;
        this.appender = appender;
    }

    /**
     * Carries what the first segment has and later positions need.
     *
     * @param beginning the state before the second segment
     */
    void carry(Segment first, Segment second, Map<String, CatalogEntry> beginning) throws DiskException {
        long asOf = second.firstLsn - 1;
        if (history.hasCarried(asOf)) {
            return;
        }
        Set<String> kept = affordable(beginning, asOf);
        Map<String, VersionMap> versions = versionsIn(first, kept);
        try {
            for (Map.Entry<String, VersionMap> entry : versions.entrySet()) {
                CatalogEntry state = beginning.get(entry.getKey());
                if (state != null) {
                    carry(entry.getKey(), entry.getValue(), first, state.header(), asOf);
                }
            }
        } finally {
            versions.values().forEach(VersionMap::close);
        }
        Set<String> leftOut = new TreeSet<>(beginning.keySet());
        leftOut.removeAll(kept);
        int bytes = leftOut.stream().mapToInt(name -> name.length() * 3 + 2).sum();
        Optional<Set<String>> named = bytes <= NAMES_BYTES_MAX ? Optional.of(leftOut) : Optional.empty();
        LogTail.Place end = appender.append(
                LogLayout.CARRY_END,
                out -> {
                    out.putLong(asOf);
                    History.putNames(out, named.orElse(null));
                },
                PageSet.empty(),
                0);
        appender.flush(end.lsn());
        history.carryEnd(asOf, named.orElse(null));
    }

    /** The databases of which the log has every page, smallest first, as far as half of its bound goes. */
    private Set<String> affordable(Map<String, CatalogEntry> beginning, long asOf) {
        List<Map.Entry<String, CatalogEntry>> whole = new ArrayList<>();
        Set<String> kept = new HashSet<>();
        for (Map.Entry<String, CatalogEntry> entry : beginning.entrySet()) {
            long base = history.baseLsn(entry.getKey());
            if (entry.getValue().header().commit() == 0) {
                kept.add(entry.getKey());
            } else if (base != 0 && base <= asOf) {
                whole.add(entry);
            }
        }
        whole.sort(Comparator.comparingLong(entry -> bytesOf(entry.getValue())));
        long bytes = 0;
        for (Map.Entry<String, CatalogEntry> entry : whole) {
            bytes += bytesOf(entry.getValue());
            if (bytes > options.maxBytes() / 2) {
                break;
            }
            kept.add(entry.getKey());
        }
        return kept;
    }

    private static long bytesOf(CatalogEntry entry) {
        return Integer.toUnsignedLong(entry.header().commit()) * entry.header().pageSize();
    }

    /** The newest version of each page that the segment has, by database. */
    private Map<String, VersionMap> versionsIn(Segment segment, Set<String> databases) throws DiskException {
        Map<String, VersionMap> versions = new TreeMap<>();
        Set<String> rewritten = new HashSet<>();
        if (segment.headBytes == 0) {
            return versions;
        }
        try (DiskFile file = disk.open(segment.path(), Disk.Mode.READ)) {
            LogScanner.scan(segment, file, segment.firstLsn, segment.lastLsn, (at, record, in) -> {
                if (record.kind() == LogLayout.COMMITTED || record.kind() == LogLayout.PREPARED) {
                    TransactionHeader header =
                            LogLayout.transaction(record.meta()).header();
                    if (databases.contains(header.database()) && !history.isWithdrawn(record.lsn())) {
                        VersionMap map = versions.computeIfAbsent(header.database(), name -> new VersionMap(disk));
                        if (header.image() != TransactionHeader.Image.DELTA) {
                            map.clear();
                            rewritten.add(header.database());
                        }
                        map.take(file, record, segment, record.lsn());
                    }
                } else if (record.kind() == LogLayout.CARRIED) {
                    ByteBuffer meta = record.meta();
                    long asOf = meta.getLong();
                    String database = LogLayout.string(meta);
                    // What was carried is older than every transaction that is kept.
                    if (databases.contains(database) && !rewritten.contains(database)) {
                        versions.computeIfAbsent(database, name -> new VersionMap(disk))
                                .takeNewer(file, record, segment, asOf);
                    }
                }
                return true;
            });
        }
        return versions;
    }

    private void carry(String database, VersionMap versions, Segment segment, TransactionHeader state, long asOf)
            throws DiskException {
        for (History.Carried other : history.carried(database)) {
            if (other.lsn() > segment.lastLsn) {
                History.readCarried(
                        disk,
                        segments,
                        other,
                        (file, record, at) -> versions.takeNewer(file, record, at, other.asOf()));
            }
        }
        CarriedPages batch = new CarriedPages(state.pageSize());
        for (int pgno : versions.pgnos(state.commit())) {
            if (versions.segmentOf(pgno) == segment.sequence && versions.pageSizeOf(pgno) == state.pageSize()) {
                versions.page(pgno, batch);
                if (batch.isFull()) {
                    append(database, batch, asOf);
                }
            }
        }
        if (batch.count() > 0) {
            append(database, batch, asOf);
        }
    }

    private void append(String database, CarriedPages batch, long asOf) throws DiskException {
        LogTail.Place place = appender.append(
                LogLayout.CARRIED,
                out -> {
                    out.putLong(asOf);
                    LogLayout.putString(out, database);
                },
                batch,
                batch.pageSize);
        history.carried(database, new History.Carried(place.lsn(), place.location(), asOf));
        batch.clear();
    }

    /** Removes the stages of a segment that is gone. A segment that came back without them would look damaged. */
    void removeStages(Segment segment) throws DiskException {
        if (!segment.stages().isEmpty()) {
            disk.syncDirectory(TransactionLog.DIRECTORY);
            for (Segment.StageRef stage : segment.stages()) {
                disk.unlink(LogFiles.stage(stage.id()));
            }
        }
    }

    /** Pages on their way to a carried record. */
    private static final class CarriedPages implements PageSet, TransactionLog.PageVisitor {
        private final int pageSize;
        private final int[] pgnos;
        private final long[] checksums;
        private final ByteBuffer pages;
        private int count;

        CarriedPages(int pageSize) {
            this.pageSize = pageSize;
            int capacity = Math.max(1, CARRY_BYTES / pageSize);
            this.pgnos = new int[capacity];
            this.checksums = new long[capacity];
            this.pages = ByteBuffer.allocate(capacity * pageSize);
        }

        @Override
        public void page(int pgno, long checksum, ByteBuffer page) {
            pgnos[count] = pgno;
            checksums[count] = checksum;
            pages.put(page);
            count++;
        }

        boolean isFull() {
            return count == pgnos.length;
        }

        void clear() {
            count = 0;
            pages.clear();
        }

        @Override
        public int count() {
            return count;
        }

        @Override
        public int pgno(int index) {
            return pgnos[index];
        }

        @Override
        public long checksum(int index) {
            return checksums[index];
        }

        @Override
        public void copy(int index, ByteBuffer target) {
            target.put(pages.array(), index * pageSize, pageSize);
        }

        @Override
        public Optional<Stage> stage() {
            return Optional.empty();
        }

        @Override
        public int slot(int index) {
            return index;
        }
    }
}
