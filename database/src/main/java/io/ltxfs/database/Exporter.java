package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.log.CatalogEntry;
import io.ltxfs.database.log.LogEntry;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionLog;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.PageChecksum;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Writes a database as it was after one transaction: a copy of its file, in which pages that are overwritten meanwhile
 * keep what they held, with the log redone over it up to that transaction; checked against the log's checksum before the
 * first byte is given out. No lock of SQLite's is held, and commits go on.
 */
final class Exporter {
    static final String DIRECTORY = "export";
    private static final int CHUNK = 1 << 20;
    private static final int UNIT = 512;

    private final Disk disk;
    private final TransactionLog log;

    Exporter(Disk disk, TransactionLog log) {
        this.disk = disk;
        this.log = log;
    }

    /** Copies the backing file, and saves what is about to be overwritten in it. */
    private static final class Copy implements CommittedFile.PageSaver {
        private final DiskFile target;
        private final BitSet saved = new BitSet();
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
        private long copied;

        Copy(DiskFile target) {
            this.target = target;
        }

        @Override
        public synchronized void beforeOverwrite(DiskFile file, long offset, long length) throws DiskException {
            long end = offset + length;
            long at = Math.max(offset / UNIT * UNIT, copied);
            ByteBuffer unit = ByteBuffer.allocate(UNIT);
            for (; at < end; at += UNIT) {
                int index = (int) (at / UNIT);
                if (!saved.get(index)) {
                    unit.clear();
                    int read = file.read(unit, at);
                    if (read == 0) {
                        return;
                    }
                    unit.flip();
                    target.write(unit, at);
                    saved.set(index);
                }
            }
        }

        /** Copies the next chunk; false at the end. */
        synchronized boolean step(DiskFile file, long size) throws DiskException {
            if (copied >= size) {
                return false;
            }
            buffer.clear().limit((int) Math.min(CHUNK, size - copied));
            int read = file.read(buffer, copied);
            for (int at = 0; at < read; ) {
                int index = (int) ((copied + at) / UNIT);
                int run = saved.get(index) ? saved.nextClearBit(index) - index : nextSaved(index) - index;
                int length = (int) Math.min((long) run * UNIT, read - at);
                if (!saved.get(index)) {
                    buffer.limit(at + length).position(at);
                    target.write(buffer, copied + at);
                }
                at += length;
            }
            copied += CHUNK;
            return true;
        }

        private int nextSaved(int from) {
            int next = saved.nextSetBit(from);
            return next < 0 ? Integer.MAX_VALUE : next;
        }
    }

    /**
     * @param number of the export, for its temporary file
     * @param txid the transaction, at most the last one; 0 for the last one
     * @param sink asked once the content is known to be right
     */
    TransactionHeader export(Database database, long number, long txid, ImageSink sink) throws IOException {
        disk.makeDirectories(DIRECTORY);
        String path = DIRECTORY + "/" + number;
        try (DiskFile target = disk.open(path, Disk.Mode.CREATE)) {
            target.truncate(0);
            TransactionHeader header = write(database, txid, target);
            if (header == null) {
                throw new NotAvailableException(
                        String.format("%s: the log has no transaction %016x", database.name(), txid));
            }
            target.truncate(Integer.toUnsignedLong(header.commit()) * header.pageSize());
            verify(target, header);
            send(target, sink.open(header));
            return header;
        } finally {
            disk.unlink(path);
        }
    }

    /** Writes the content; what is missing in the copy must not be trimmed before it is redone. */
    private @Nullable TransactionHeader write(Database database, long txid, DiskFile target) throws DiskException {
        TransactionLog.Hold hold = log.hold();
        try {
            Copy copy = new Copy(target);
            Database.Frontier frontier = database.beginCopy(copy);
            try {
                copy(database, copy);
            } finally {
                database.state().file.removeSaver(copy);
            }
            TransactionHeader header = frontier.header();
            if (txid == 0 || txid == header.txid()) {
                redo(database.name(), frontier, target);
                return header;
            }
            target.truncate(0);
            return rebuild(database.name(), txid, frontier.lastLsn(), target);
        } finally {
            hold.close();
        }
    }

    private static void copy(Database database, Copy copy) throws DiskException {
        DiskFile file = database.state().file.backing();
        long size = file.size();
        boolean more = true;
        while (more) {
            more = copy.step(file, size);
        }
    }

    /** Redoes the log over a copy that holds everything up to its frontier's watermark. */
    private void redo(String name, Database.Frontier frontier, DiskFile target) throws DiskException {
        LogHistory history = LogHistory.read(log);
        log.scan(frontier.watermark() + 1, entry -> {
            TransactionHeader header = entry.header();
            if (entry.lsn() > frontier.lastLsn()) {
                return false;
            }
            if (header != null && header.database().equals(name) && history.isCommitted(entry)) {
                write(entry, header, target);
            }
            return true;
        });
    }

    /** Writes an earlier position from the log alone: pages that changed since are not in the file any more. */
    private @Nullable TransactionHeader rebuild(String name, long txid, long lastLsn, DiskFile target)
            throws DiskException {
        CatalogEntry found = find(name, txid, lastLsn);
        if (found == null) {
            return null;
        }
        int pageSize = found.header().pageSize();
        log.pageVersions(
                name,
                found.lsn(),
                (pgno, checksum, page) -> target.write(page, (Integer.toUnsignedLong(pgno) - 1) * pageSize));
        return found.header();
    }

    private @Nullable CatalogEntry find(String name, long txid, long lastLsn) throws DiskException {
        CatalogEntry[] found = {log.catalog().get(name)};
        if (found[0] != null && found[0].header().txid() != txid) {
            found[0] = null;
        }
        LogHistory history = LogHistory.read(log);
        log.scan(0, entry -> {
            TransactionHeader header = entry.header();
            if (header != null && header.database().equals(name) && history.isCommitted(entry)) {
                if (header.txid() == txid) {
                    found[0] = new CatalogEntry(entry.lsn(), header, 0);
                } else if (header.jump()) {
                    found[0] = null;
                }
            }
            return entry.lsn() < lastLsn;
        });
        return found[0];
    }

    private void write(LogEntry entry, TransactionHeader header, DiskFile target) throws DiskException {
        int pageSize = header.pageSize();
        log.pages(entry, (pgno, checksum, page) -> target.write(page, (Integer.toUnsignedLong(pgno) - 1) * pageSize));
    }

    private static void verify(DiskFile target, TransactionHeader header) throws IOException {
        int pageSize = header.pageSize();
        int lockPage = LockPage.pgno(Math.max(pageSize, 512));
        ByteBuffer page = ByteBuffer.allocateDirect(Math.max(pageSize, 512));
        long total = PageChecksum.FLAG;
        for (long p = 1; p <= Integer.toUnsignedLong(header.commit()); p++) {
            page.clear();
            target.read(page, (p - 1) * pageSize);
            if (p != lockPage) {
                total = PageChecksum.toggle(total, PageChecksum.of((int) p, page, 0, pageSize));
            }
        }
        if (total != header.postChecksum()) {
            throw new CorruptDatabaseException(String.format(
                    "%s at %016x: its content has checksum %016x where the log says %016x",
                    header.database(), header.txid(), total, header.postChecksum()));
        }
    }

    private static void send(DiskFile file, WritableByteChannel out) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
        long size = file.size();
        for (long at = 0; at < size; ) {
            buffer.clear();
            at += file.read(buffer, at);
            buffer.flip();
            while (buffer.hasRemaining()) {
                out.write(buffer);
            }
        }
    }
}
