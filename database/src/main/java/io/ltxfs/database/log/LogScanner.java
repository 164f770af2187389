package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;

/** Goes through the records of the kept segments. Any thread; the log may grow and lose segments meanwhile. */
final class LogScanner {

    /** Visits a record; the reader stands at it. */
    @FunctionalInterface
    interface Visitor {
        /** @return false to stop */
        boolean visit(DiskFile file, RecordReader reader, Segment segment) throws DiskException;
    }

    private final Disk disk;
    private final SegmentList segments;

    LogScanner(Disk disk, SegmentList segments) {
        this.disk = disk;
        this.segments = segments;
    }

    /** Visits the records from one LSN to another, those that are internal too. */
    void scan(long fromLsn, long toLsn, Visitor visitor) throws DiskException {
        long next = fromLsn;
        while (next <= toLsn) {
            Segment segment = segments.find(next);
            if (segment == null) {
                return;
            }
            long last = Math.min(toLsn, segment.lastLsn);
            try (DiskFile file = disk.open(segment.path(), Disk.Mode.READ)) {
                if (!scan(segment, file, next, last, visitor)) {
                    return;
                }
            } catch (DiskException e) {
                if (e.errno() != Errno.ENOENT || segments.all().contains(segment)) {
                    throw e;
                }
            }
            next = last + 1;
        }
    }

    /** @return false if the visitor stopped */
    static boolean scan(Segment segment, DiskFile file, long from, long to, Visitor visitor) throws DiskException {
        RecordReader reader = new RecordReader(file, segment.headBytes);
        for (long lsn = segment.firstLsn; lsn <= to; lsn++) {
            if (!reader.next() || reader.lsn() != lsn) {
                throw missing(lsn, reader.end(), segment);
            }
            if (lsn >= from && !visitor.visit(file, reader, segment)) {
                return false;
            }
        }
        return true;
    }

    static DiskException missing(long lsn, long offset, Segment segment) {
        return new DiskException(
                Errno.EIO,
                "record " + lsn + " of the log is not at offset " + offset + " of " + segment.path()
                        + ": the disk has not kept what was written");
    }

    /** The state before a segment, as decided by the records from there up to an LSN. */
    Catalog catalogBefore(Segment segment, long toLsn) throws DiskException {
        Catalog catalog = headOf(segment).catalog();
        if (catalog.canChange()) {
            scan(segment.firstLsn, toLsn, (file, reader, at) -> {
                byte kind = reader.kind();
                if (kind == LogLayout.ABORT || kind == LogLayout.COMMIT || kind == LogLayout.GROUP_COMMIT) {
                    // A mark of a later record says nothing to this catalog.
                    catalog.apply(reader.entry(at.sequence));
                } else if (kind == LogLayout.PREPARED || kind == LogLayout.COMMITTED) {
                    LogEntry entry = reader.entry(at.sequence);
                    entry.targets().forEach(catalog::abort);
                    TransactionHeader header = entry.header();
                    if (header != null) {
                        catalog.decidedBy(header);
                    }
                }
                return true;
            });
        }
        return catalog;
    }

    SegmentHead headOf(Segment segment) throws DiskException {
        try (DiskFile file = disk.open(segment.path(), Disk.Mode.READ)) {
            return SegmentHead.read(file)
                    .orElseThrow(() -> new DiskException(
                            Errno.EIO, "the head of log segment " + segment.path() + " cannot be read"));
        }
    }
}
