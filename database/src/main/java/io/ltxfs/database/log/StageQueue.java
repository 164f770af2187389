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

    private static final class Entry {
        final long lsn;
        final Stage given;
        final String path;
        DiskFile file;
        /** The file is a copy, and durable but for its name. */
        boolean saved;
        /** The one who staged the pages has the copy too. */
        boolean replaced;

        Entry(long lsn, Stage given, DiskFile file) {
            this.lsn = lsn;
            this.given = given;
            this.path = given.path();
            this.file = file;
        }
    }

    private final Disk disk;
    private final Queue<Entry> entries = new ConcurrentLinkedQueue<>();

    StageQueue(Disk disk) {
        this.disk = disk;
    }

    /**
     * @param lsn of the record, larger than those before
     * @param given the stage, of the one who staged the pages
     * @param file the same file, opened for the log
     */
    void add(long lsn, Stage given, DiskFile file) {
        entries.add(new Entry(lsn, given, file));
    }

    /** Takes back what was added last, if it is of this record. */
    void remove(long lsn) {
        entries.removeIf(entry -> entry.lsn == lsn);
    }

    /** Makes the stages of records up to an LSN durable, their names too, and closes them. */
    void sync(long upTo) throws DiskException {
        boolean namesAreDurable = false;
        for (Entry next = entries.peek(); next != null && next.lsn <= upTo; next = entries.peek()) {
            if (!namesAreDurable) {
                disk.syncDirectory(TransactionLog.DIRECTORY);
                namesAreDurable = true;
            }
            next.file.sync();
            next.file.close();
            entries.remove();
        }
    }

    /**
     * Gives each stage a new file: pages of which a write-back failed count as clean and would not be written again. One
     * that has a new file keeps it, however often this is tried: the old one may be lost by then.
     */
    void rewrite() throws DiskException {
        for (Entry entry : entries) {
            if (!entry.saved) {
                save(entry);
            }
            if (!entry.replaced && entry.given.file() instanceof StageFile file) {
                file.replace(disk.open(entry.path, Disk.Mode.READ));
            }
            entry.replaced = true;
        }
    }

    private void save(Entry entry) throws DiskException {
        String temporary = entry.path + LogFiles.TEMPORARY;
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
        DiskFile copy = disk.open(temporary, Disk.Mode.CREATE);
        try {
            copy.truncate(0);
            long size = entry.file.size();
            for (long at = 0; at < size; at += piece.capacity()) {
                entry.file.read(piece.clear(), at);
                copy.write(piece.flip(), at);
            }
            copy.sync();
            disk.rename(temporary, entry.path);
        } catch (DiskException e) {
            copy.close();
            try {
                disk.unlink(temporary);
            } catch (DiskException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        entry.file.close();
        entry.file = copy;
        entry.saved = true;
    }

    /** Closes all, and forgets them. */
    void close() {
        entries.forEach(entry -> entry.file.close());
        entries.clear();
    }
}
