package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import java.nio.ByteBuffer;

/**
 * The records of a segment that were not durable when its sync failed, as they are copied to the next. The copy is the
 * same bytes (the chain does not speak of places) and is what gets verified, as the old segment's cached pages may be
 * lost at any moment.
 */
final class TailCopy {
    private static final int PIECE_BYTES = 1 << 18;

    private final Disk disk;
    private final DiskFile source;
    private final Catalog catalogBefore;
    private final long durableLsn;
    private final long durableChain;
    private final long from;
    private final long to;
    private long lastLsn;
    private long lastChain;

    private TailCopy(
            Disk disk, DiskFile source, Catalog catalogBefore, long durableLsn, long durableChain, long from, long to) {
        this.disk = disk;
        this.source = source;
        this.catalogBefore = catalogBefore;
        this.durableLsn = durableLsn;
        this.durableChain = durableChain;
        this.from = from;
        this.to = to;
    }

    /**
     * Reads what comes before the tail.
     *
     * @param durableLsn the last durable record, with its end and chain
     * @param to the end of the tail
     */
    static TailCopy of(
            Disk disk, Segment segment, DiskFile source, long durableLsn, long from, long durableChain, long to)
            throws DiskException {
        Catalog catalog = SegmentHead.read(source)
                .orElseThrow(() -> unreadable(segment.sequence, 0))
                .catalog();
        RecordReader reader = new RecordReader(source, segment.headBytes);
        long lsn = segment.firstLsn - 1;
        while (lsn < durableLsn) {
            lsn++;
            if (!reader.next() || reader.lsn() != lsn) {
                throw unreadable(segment.sequence, reader.end());
            }
            if (!reader.isInternal()) {
                catalog.apply(reader.entry(segment.sequence));
            }
        }
        return new TailCopy(disk, source, catalog, durableLsn, durableChain, from, to);
    }

    private static DiskException unreadable(long segment, long offset) {
        return new DiskException(
                Errno.EIO,
                "a sync of log segment " + LogFiles.segment(segment)
                        + " failed, and it cannot be read back at offset " + offset
                        + ": free the cause and start the node again");
    }

    /** The state before the tail. */
    Catalog catalogBefore() {
        return catalogBefore;
    }

    long from() {
        return from;
    }

    long bytes() {
        return to - from;
    }

    /** The LSN of the last record; known after {@link #copyTo}. */
    long lastLsn() {
        return lastLsn;
    }

    /** The chain of the last record; known after {@link #copyTo}. */
    long lastChain() {
        return lastChain;
    }

    /** Copies, and verifies the copy. */
    void copyTo(DiskFile target, long offset) throws DiskException {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
        for (long at = from; at < to; at += PIECE_BYTES) {
            piece.clear().limit((int) Math.min(PIECE_BYTES, to - at));
            source.read(piece, at);
            target.write(piece.flip(), offset + at - from);
        }
        PageReader pages = new PageReader(disk);
        RecordReader reader = new RecordReader(target, offset);
        lastLsn = durableLsn;
        lastChain = durableChain;
        long end = offset + bytes();
        while (reader.end() < end) {
            if (!reader.next() || reader.lsn() != lastLsn + 1 || reader.chain() != reader.computeChain(lastChain)) {
                throw new DiskException(
                        Errno.EIO,
                        "record " + (lastLsn + 1)
                                + " of the log was lost by the disk after a failed sync: start the node again");
            }
            pages.pages(target, reader, (pgno, checksum, page) -> {});
            lastLsn = reader.lsn();
            lastChain = reader.chain();
        }
    }
}
