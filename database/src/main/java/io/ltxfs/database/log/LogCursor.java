package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import java.util.Map;
import java.util.concurrent.locks.Lock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the log as it grows, and reads each record's header once. Not thread-safe.
 *
 * <p>Its file stays open between calls. The file of a trimmed segment becomes that of a new one, so it is only used while
 * trimming is kept off and the segment is still there.
 */
final class LogCursor implements TransactionLog.Cursor {
    private final Disk disk;
    private final SegmentList segments;
    private final Lock keep;
    private final LongSupplier settledLsn;
    private final Supplier<Map<String, CatalogEntry>> beginning;

    private long next;
    private boolean missed;
    private @Nullable Segment segment;
    private @Nullable DiskFile file;
    private @Nullable RecordReader reader;
    /** Records up to here were whole when the reader's window was filled. */
    private long windowLsn;

    /**
     * @param keep keeps trimming off while it is held
     * @param settledLsn up to where records may be given
     * @param beginning the state before the first kept record
     */
    LogCursor(
            Disk disk,
            SegmentList segments,
            Lock keep,
            LongSupplier settledLsn,
            Supplier<Map<String, CatalogEntry>> beginning,
            long fromLsn) {
        this.disk = disk;
        this.segments = segments;
        this.keep = keep;
        this.settledLsn = settledLsn;
        this.beginning = beginning;
        this.next = fromLsn;
    }

    @Override
    public long nextLsn() {
        return next;
    }

    @Override
    public void skipTrimmed() {
        keep.lock();
        try {
            long first = segments.first().firstLsn;
            if (next < first) {
                missed |= isMissed(next);
                next = first;
            }
        } finally {
            keep.unlock();
        }
    }

    @Override
    public boolean takeMissed() {
        boolean was = missed;
        missed = false;
        return was;
    }

    @Override
    public @Nullable LogEntry next() throws DiskException {
        long limit = settledLsn.getAsLong();
        while (next <= limit) {
            keep.lock();
            try {
                LogEntry entry = step(limit);
                if (entry != null || missed) {
                    return entry;
                }
            } catch (DiskException e) {
                // Where the reader stands after that is not known: the next call begins again.
                close();
                throw e;
            } finally {
                keep.unlock();
            }
        }
        return null;
    }

    /** Reads one record; null if it is internal to the log, or if there is a gap before the next. */
    private @Nullable LogEntry step(long limit) throws DiskException {
        Segment at = segment;
        RecordReader records = reader;
        if (at == null || records == null || next > at.lastLsn || at.sequence < segments.first().sequence) {
            Segment found = segments.find(next);
            if (found == null) {
                throw new IllegalStateException("record " + next + " is durable and in no segment");
            }
            if (found.firstLsn > next) {
                missed |= found != segments.first() || isMissed(next);
                next = found.firstLsn;
                return null;
            }
            at = found;
            records = open(found);
        }
        if (next > windowLsn) {
            records.forgetWindow();
            windowLsn = limit;
        }
        read(records, at, next);
        next++;
        return records.isInternal() ? null : records.entry(at.sequence);
    }

    /** Whether transactions from an LSN on were trimmed away. */
    private boolean isMissed(long fromLsn) {
        return beginning.get().values().stream().anyMatch(entry -> entry.lsn() >= fromLsn);
    }

    private RecordReader open(Segment found) throws DiskException {
        close();
        DiskFile opened = disk.open(found.path(), Disk.Mode.READ);
        file = opened;
        RecordReader records = RecordReader.at(opened, found.headBytes);
        windowLsn = found.lastLsn;
        for (long lsn = found.firstLsn; lsn < next; lsn++) {
            read(records, found, lsn);
        }
        segment = found;
        reader = records;
        return records;
    }

    private static void read(RecordReader records, Segment at, long lsn) throws DiskException {
        if (!records.next() || records.lsn() != lsn) {
            throw LogScanner.missing(lsn, records.end(), at);
        }
    }

    @Override
    public void close() {
        if (file != null) {
            file.close();
        }
        file = null;
        segment = null;
        reader = null;
    }
}
