package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A file of a segment's size, kept ready for the next segment. All its blocks have been written before, with zeros or
 * with a segment that is not needed any more, so that a sync of records in it has no change of the file's size or blocks
 * to write: on ext4 it takes about half the time.
 *
 * <p>It is prepared and recycled by one thread, taken by any.
 */
final class SpareSegment {
    private static final String PATH = LogFiles.path("spare" + LogFiles.TEMPORARY);
    private static final int PIECE_BYTES = 1 << 20;

    private final Disk disk;
    private final AtomicBoolean ready = new AtomicBoolean();

    SpareSegment(Disk disk) {
        this.disk = disk;
    }

    boolean isReady() {
        return ready.get();
    }

    /** Makes one. Blocks on the disk. */
    void prepare(long bytes) throws DiskException {
        try (DiskFile file = disk.open(PATH, Disk.Mode.CREATE)) {
            file.truncate(0);
            fill(file, 0, bytes);
            file.sync();
        } catch (DiskException e) {
            try {
                disk.unlink(PATH);
            } catch (DiskException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        ready.set(true);
    }

    /** Takes a segment's file, which loses its name for good before anything is written to it. */
    void recycle(String segmentPath) throws DiskException {
        disk.rename(segmentPath, PATH);
        disk.syncDirectory(TransactionLog.DIRECTORY);
        ready.set(true);
    }

    /** Gives the file another name, once. @return false if there is none */
    boolean take(String path) throws DiskException {
        if (!ready.getAndSet(false)) {
            return false;
        }
        disk.rename(PATH, path);
        return true;
    }

    /** Writes zeros. */
    static void fill(DiskFile file, long from, long to) throws DiskException {
        if (from >= to) {
            return;
        }
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(PIECE_BYTES, to - from));
        for (long at = from; at < to; at += zeros.capacity()) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), to - at));
            file.write(zeros, at);
        }
    }
}
