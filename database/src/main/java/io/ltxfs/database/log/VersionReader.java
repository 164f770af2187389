package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** Rebuilds a database from the log as it was at one LSN. */
final class VersionReader {
    private final Disk disk;
    private final SegmentList segments;
    private final LogScanner scanner;
    private final History history;
    private final LongPredicate isUndecidedMember;

    /** @param isUndecidedMember whether a prepared record waits for its group's decision */
    VersionReader(
            Disk disk, SegmentList segments, LogScanner scanner, History history, LongPredicate isUndecidedMember) {
        this.disk = disk;
        this.segments = segments;
        this.scanner = scanner;
        this.history = history;
        this.isUndecidedMember = isUndecidedMember;
    }

    /** Visits the newest version up to an LSN of each page that the database had there. */
    void read(String database, long limitLsn, Map<String, CatalogEntry> beginning, TransactionLog.PageVisitor visitor)
            throws DiskException {
        long firstLsn = segments.first().firstLsn;
        long limit = Math.max(limitLsn, firstLsn - 1);
        try (VersionMap versions = new VersionMap(disk)) {
            List<History.Carried> carried = new ArrayList<>(history.carried(database));
            carried.removeIf(record -> record.asOf() > limit);
            carried.sort(Comparator.comparingLong(History.Carried::asOf));
            for (History.Carried record : carried) {
                History.readCarried(
                        disk,
                        segments,
                        record,
                        (file, reader, segment) -> versions.takeNewer(file, reader, segment, record.asOf()));
            }
            CatalogEntry begin = beginning.get(database);
            int[] commit = {begin == null ? 0 : begin.header().commit()};
            scanner.scan(firstLsn, limit, (file, reader, segment) -> {
                TransactionHeader header = committed(reader, database);
                if (header != null) {
                    if (header.image() != TransactionHeader.Image.DELTA) {
                        versions.clear();
                    }
                    commit[0] = header.commit();
                    versions.take(file, reader, segment, reader.lsn());
                }
                return true;
            });
            for (int pgno : versions.pgnos(commit[0])) {
                versions.page(pgno, visitor);
            }
        }
    }

    /** The header of a record, if it is a transaction of the database and not without effect. */
    private @Nullable TransactionHeader committed(RecordReader reader, String database) {
        if (reader.kind() != LogLayout.COMMITTED && reader.kind() != LogLayout.PREPARED) {
            return null;
        }
        ByteBuffer meta = reader.meta();
        TransactionHeader header = LogLayout.transaction(meta).header();
        boolean counts = header.database().equals(database)
                && !history.isWithdrawn(reader.lsn())
                && !isUndecidedMember.test(reader.lsn());
        return counts ? header : null;
    }
}
