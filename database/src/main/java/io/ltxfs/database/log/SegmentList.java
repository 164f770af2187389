package io.ltxfs.database.log;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The kept segments, oldest first. Changed under the append lock, read by anyone. */
final class SegmentList {
    private volatile Segment[] segments = {};

    /** The segments at this moment. */
    List<Segment> all() {
        return Arrays.asList(segments);
    }

    void add(Segment segment) {
        Segment[] longer = Arrays.copyOf(segments, segments.length + 1);
        longer[segments.length] = segment;
        segments = longer;
    }

    void removeFirst() {
        segments = Arrays.copyOfRange(segments, 1, segments.length);
    }

    Segment first() {
        return segments[0];
    }

    Segment last() {
        return segments[segments.length - 1];
    }

    int size() {
        return segments.length;
    }

    /** The first segment with a record of at least this LSN, or null. */
    @Nullable
    Segment find(long lsn) {
        for (Segment segment : segments) {
            if (segment.lastLsn >= lsn) {
                return segment;
            }
        }
        return null;
    }

    /** The segment with a number, or null. */
    @Nullable
    Segment at(long sequence) {
        for (Segment segment : segments) {
            if (segment.sequence == sequence) {
                return segment;
            }
        }
        return null;
    }

    long bytes() {
        long bytes = 0;
        for (Segment segment : segments) {
            bytes += segment.bytes();
        }
        return bytes;
    }

    /** About how many bytes the records from an LSN on take, their stages too; under the append lock. */
    long bytesFrom(long lsn) {
        long bytes = 0;
        for (Segment segment : segments) {
            if (segment.firstLsn >= lsn) {
                bytes += segment.bytes();
            } else if (segment.lastLsn >= lsn) {
                long records = segment.lastLsn - segment.firstLsn + 1;
                bytes += (long) ((double) segment.end * (segment.lastLsn - lsn + 1) / records);
                for (Segment.StageRef stage : segment.stages()) {
                    bytes += stage.lsn() >= lsn ? stage.bytes() : 0;
                }
            }
        }
        return bytes;
    }

    /**
     * Where a record lies by now: the tail of a segment whose sync failed has moved on to the next one.
     *
     * @return null if its segment is not kept any more
     */
    LogEntry.@Nullable Location resolve(LogEntry.Location location, long lsn) {
        long offset = location.offset();
        boolean found = false;
        for (Segment segment : segments) {
            if (segment.sequence == location.segment()) {
                found = true;
            } else if (found && segment.copiedFrom >= 0) {
                offset = offset - segment.copiedFrom + segment.headBytes;
            } else if (found) {
                return null;
            }
            if (found && lsn <= segment.lastLsn) {
                return segment.sequence == location.segment()
                        ? location
                        : new LogEntry.Location(segment.sequence, offset);
            }
        }
        return null;
    }
}
