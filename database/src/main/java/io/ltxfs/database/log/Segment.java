package io.ltxfs.database.log;

import java.util.ArrayList;
import java.util.List;

/**
 * What is kept in memory of one segment. Changed under the append lock only; the fields that readers look at are
 * volatile.
 */
final class Segment {
    /** A stage that belongs to the segment. */
    record StageRef(long lsn, long id, long bytes) {}

    final long sequence;
    final long firstLsn;
    final long headBytes;

    /** If this segment repeats the tail of the one before: the offset of that tail there, else -1. */
    final long copiedFrom;

    /** The last valid record, or {@code firstLsn - 1}. */
    volatile long lastLsn;

    /** The offset behind it. */
    volatile long end;

    private final List<StageRef> stages = new ArrayList<>();
    private volatile long stageBytes;

    Segment(long sequence, long firstLsn, long headBytes, long copiedFrom) {
        this.sequence = sequence;
        this.firstLsn = firstLsn;
        this.headBytes = headBytes;
        this.copiedFrom = copiedFrom;
        this.lastLsn = firstLsn - 1;
        this.end = headBytes;
    }

    String path() {
        return LogFiles.segment(sequence);
    }

    /** Bytes of the segment and its stages. */
    long bytes() {
        return end + stageBytes;
    }

    void addStage(StageRef stage) {
        stages.add(stage);
        stageBytes += stage.bytes;
    }

    /** The stages of the segment; under the append lock. */
    List<StageRef> stages() {
        return stages;
    }

    /** Gives the stages of records behind an LSN to another segment. */
    void moveStages(long behind, Segment to) {
        for (StageRef stage : stages) {
            if (stage.lsn > behind) {
                to.addStage(stage);
                stageBytes -= stage.bytes;
            }
        }
        stages.removeIf(stage -> stage.lsn > behind);
    }
}
