package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the files of segments and takes them away.
 *
 * <p>A segment is made under a temporary name and renamed when its head is durable (R14). So there is never a segment
 * without a head, and a failed attempt leaves nothing behind.
 */
final class SegmentMaker {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentMaker.class);

    private final Disk disk;
    private final LogOptions options;
    private final SpareSegment spare;

    /**
     * A new segment's file, under its name, which is not durable yet.
     *
     * @param reservedEnd up to here writes find room
     */
    record Made(DiskFile file, long headBytes, long reservedEnd) {}

    SegmentMaker(Disk disk, LogOptions options) {
        this.disk = disk;
        this.options = options;
        this.spare = new SpareSegment(disk);
    }

    /**
     * Makes a segment with a head.
     *
     * @param lastLsn the LSN before its first
     * @param chain the chain of that record
     * @param before the state after that record
     * @param reserveBytes room that there must be behind the head and the tail
     * @param tail the records to begin with, or null for none
     */
    Made make(
            long sequence,
            long lastLsn,
            long chain,
            long nextStage,
            Catalog before,
            long withdrawableFrom,
            long reserveBytes,
            @Nullable TailCopy tail)
            throws DiskException {
        String path = LogFiles.segment(sequence);
        String temporary = path + LogFiles.TEMPORARY;
        boolean isSpare = spare.take(temporary);
        DiskFile file = disk.open(temporary, Disk.Mode.CREATE);
        try {
            if (!isSpare) {
                file.truncate(0);
            }
            long headBytes = SegmentHead.write(file, sequence, lastLsn + 1, chain, nextStage, before, withdrawableFrom);
            long reservedEnd = reserve(file, headBytes + (tail == null ? 0 : tail.bytes()) + reserveBytes);
            if (tail != null) {
                tail.copyTo(file, headBytes);
            }
            file.sync();
            disk.rename(temporary, path);
            return new Made(file, headBytes, reservedEnd);
        } catch (DiskException | RuntimeException | Error e) {
            file.close();
            removeQuietly(temporary);
            throw e;
        }
    }

    private long reserve(DiskFile file, long least) throws DiskException {
        long size = file.size();
        if (size >= least) {
            return size;
        }
        long generous = Math.max(options.segmentBytes(), least);
        try {
            file.allocate(0, generous);
            return generous;
        } catch (DiskException e) {
            file.allocate(0, least);
            return least;
        }
    }

    /** Writes the rest of a segment ahead. @return up to where there is room */
    long writeAhead(DiskFile file, long from) {
        if (!options.preallocate() || from >= options.segmentBytes()) {
            return from;
        }
        try {
            SpareSegment.fill(file, from, options.segmentBytes());
            file.sync();
            return options.segmentBytes();
        } catch (DiskException e) {
            LOG.debug("did not write the segment ahead reason={}", e.getMessage());
            return from;
        }
    }

    /** Makes the next segment's file ready; not needed, but saves time later. Blocks on the disk. */
    void prepare() {
        if (!options.preallocate()) {
            return;
        }
        try {
            spare.prepare(options.segmentBytes());
        } catch (DiskException e) {
            LOG.debug("did not write the next segment ahead reason={}", e.getMessage());
        }
    }

    /** Removes the file of a segment that is not needed any more, or keeps it for the next one. */
    void dispose(Segment segment) throws DiskException {
        boolean isWritten = options.preallocate() && segment.end >= options.segmentBytes();
        if (!isWritten || !spare.recycle(segment.path())) {
            disk.unlink(segment.path());
        }
    }

    /** Removes a file that does no harm if it stays. */
    void removeQuietly(String path) {
        try {
            disk.unlink(path);
        } catch (DiskException e) {
            LOG.debug("left a file behind path={} reason={}", path, e.getMessage());
        }
    }
}
