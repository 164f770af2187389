package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The stages whose records are in the log while the stages themselves are not durable yet. Added to under the log's
 * append lock, everything else under its sync lock.
 */
final class StageQueue {
    private static final int PIECE_BYTES = 1 << 18;

    private record Entry(long lsn, Stage stage) {}

    private final Disk disk;
    private final Queue<Entry> entries = new ConcurrentLinkedQueue<>();

    StageQueue(Disk disk) {
        this.disk = disk;
    }

    /** @param lsn of the record, larger than those before */
    void add(long lsn, Stage stage) {
        entries.add(new Entry(lsn, stage));
    }

    /** Makes the stages of records up to an LSN durable, their names too, and closes them. */
    void sync(long upTo) throws DiskException {
        boolean namesAreDurable = false;
        for (Entry next = entries.peek(); next != null && next.lsn <= upTo; next = entries.peek()) {
            if (!namesAreDurable) {
                disk.syncDirectory(TransactionLog.DIRECTORY);
                namesAreDurable = true;
            }
            next.stage.file().sync();
            next.stage.file().close();
            entries.remove();
        }
    }

    /** Gives each stage a new file: pages of which a write-back failed count as clean and would not be written again. */
    void rewrite() throws DiskException {
        for (Entry entry : entries) {
            rewrite(entry.stage);
        }
    }

    private void rewrite(Stage stage) throws DiskException {
        String temporary = stage.path() + LogFiles.TEMPORARY;
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
        try (DiskFile copy = disk.open(temporary, Disk.Mode.CREATE)) {
            copy.truncate(0);
            long size = stage.file().size();
            for (long at = 0; at < size; at += piece.capacity()) {
                stage.file().read(piece.clear(), at);
                copy.write(piece.flip(), at);
            }
            copy.sync();
            disk.rename(temporary, stage.path());
        } catch (DiskException e) {
            try {
                disk.unlink(temporary);
            } catch (DiskException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
    }

    /** Closes all, and forgets them. */
    void close() {
        entries.forEach(entry -> entry.stage.file().close());
        entries.clear();
    }
}
