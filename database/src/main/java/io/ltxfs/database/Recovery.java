package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.CatalogEntry;
import io.ltxfs.database.log.LogDamage;
import io.ltxfs.database.log.LogEntry;
import io.ltxfs.database.log.LogRecord;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.log.TransactionLog;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.PageChecksum;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings every database file to the log's last commit, for every journal mode and every cause of the stop alike: settle
 * what was prepared, write that down durably, redo what is newer than the watermark, and check that position and page
 * checksums agree (R15, R16). Journals, WALs and wal-indexes of before are removed: an old WAL is never recovered (F1).
 * Each step may be interrupted and done again.
 */
final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    /** One database after recovery. */
    static final class Recovered {
        final String name;

        @Nullable
        TransactionHeader header;

        long lsn;
        long watermark;
        String damage = "";

        @Nullable
        DiskFile file;

        @Nullable
        PageChecksums sums;

        boolean touched;

        Recovered(String name) {
            this.name = name;
        }

        boolean isDropped() {
            return header != null && header.image() == Image.DROP;
        }
    }

    private final Disk disk;
    private final TransactionLog log;
    private final TreeMap<String, Recovered> databases = new TreeMap<>();
    private long redone;

    Recovery(Disk disk, TransactionLog log) {
        this.disk = disk;
        this.log = log;
    }

    /** @return every database that ever had a transaction, dropped ones too, by name */
    Map<String, Recovered> run() throws DiskException {
        for (String name : disk.list(SideStore.DIRECTORY)) {
            disk.unlink(SideStore.DIRECTORY + "/" + name);
        }
        LogHistory history = LogHistory.read(log);
        settle(history);
        for (Map.Entry<String, CatalogEntry> entry : log.catalog().entrySet()) {
            Recovered database = database(entry.getKey());
            database.header = entry.getValue().header();
            database.lsn = entry.getValue().lsn();
            database.watermark = entry.getValue().watermarkLsn();
        }
        history.watermarks().forEach((name, lsn) -> {
            Recovered database = database(name);
            database.watermark = Math.max(database.watermark, lsn);
        });
        log.scan(0, entry -> {
            if (history.isCommitted(entry)) {
                redo(entry);
            }
            return true;
        });
        Install.removeLeft(disk);
        for (LogDamage hole : log.damage()) {
            for (String name : hole.databases()) {
                Recovered database = database(name);
                if (database.damage.isEmpty() && database.watermark < database.lsn) {
                    damaged(database, "records of it are lost in log segment " + hole.segment() + ": " + hole.what());
                }
            }
        }
        for (Recovered database : databases.values()) {
            if (database.header != null && database.damage.isEmpty() && !database.isDropped()) {
                check(database, database.header);
            }
        }
        if (redone > 0) {
            LOG.info("recovered: databases={} transactionsRedone={}", databases.size(), redone);
        }
        return databases;
    }

    private void settle(LogHistory history) throws DiskException {
        long last = 0;
        for (Map.Entry<Long, String> undecided : history.undecided().entrySet()) {
            long lsn = undecided.getKey();
            if (undecided.getValue().isEmpty()) {
                last = log.append(new LogRecord.Commit(lsn));
            } else {
                last = log.append(new LogRecord.Abort(lsn));
                history.abort(lsn);
            }
        }
        if (last != 0) {
            log.flushAndWait(last);
        }
    }

    private Recovered database(String name) {
        return databases.computeIfAbsent(name, Recovered::new);
    }

    private void redo(LogEntry entry) throws DiskException {
        TransactionHeader header = entry.header();
        if (header == null) {
            return;
        }
        Recovered database = database(header.database());
        if (!database.damage.isEmpty()) {
            return;
        }
        TransactionHeader before = database.header;
        if (before != null
                && header.txid() != before.txid() + 1
                && entry.lsn() > database.watermark
                && header.image() == Image.DELTA
                && !header.jump()) {
            damaged(
                    database,
                    String.format(
                            "the log has transaction %016x after %016x: those between are lost",
                            header.txid(), before.txid()));
            return;
        }
        if (entry.lsn() > database.watermark) {
            try {
                apply(database, entry, header);
                redone++;
            } catch (DiskException e) {
                if (e.errno() == Errno.ENOSPC) {
                    throw e;
                }
                damaged(database, String.format("transaction %016x: %s", header.txid(), e.getMessage()));
                return;
            }
        }
        database.header = header;
        database.lsn = entry.lsn();
    }

    private void apply(Recovered database, LogEntry entry, TransactionHeader header) throws DiskException {
        if (header.image() == Image.INSTALLED) {
            close(database);
            Install.finish(disk, header);
            database.touched = true;
            return;
        }
        if (header.image() == Image.DROP) {
            close(database);
            disk.unlink(path(database.name));
            disk.unlink(sumsPath(database.name));
            database.touched = true;
            return;
        }
        boolean created = !disk.exists(path(database.name));
        DiskFile file = file(database);
        PageChecksums sums = sums(database);
        TransactionHeader before = database.header;
        if (created) {
            disk.setAttributes(path(database.name), header.uid(), header.gid(), header.mode());
        }
        int oldCommit = before == null || before.image() == Image.DROP ? 0 : before.commit();
        if (header.image() == Image.FULL) {
            sums.clear(1, oldCommit);
        }
        int pageSize = header.pageSize();
        log.pages(entry, (pgno, checksum, page) -> {
            file.write(page, (Integer.toUnsignedLong(pgno) - 1) * pageSize);
            sums.set(pgno, checksum);
        });
        if (Integer.compareUnsigned(header.commit(), oldCommit) < 0 && header.image() == Image.DELTA) {
            sums.clear(header.commit() + 1, oldCommit);
        }
        long size = Integer.toUnsignedLong(header.commit()) * pageSize;
        if (file.size() != size) {
            file.truncate(size);
        }
        if (sums.wantsWrite()) {
            sums.write();
        }
        database.touched = true;
    }

    /** The file has the size of the last commit, and the page checksums add up to the position's. */
    private void check(Recovered database, TransactionHeader header) throws DiskException {
        long size = Integer.toUnsignedLong(header.commit()) * header.pageSize();
        if (!disk.exists(path(database.name)) && size != 0) {
            damaged(database, "its file is missing from the data directory");
            return;
        }
        DiskFile file = file(database);
        boolean changed = Stamp.takeAndCompare(
                disk, DatabaseSet.stampPath(database.name), new Position(header.txid(), header.postChecksum()), file);
        if (file.size() < size) {
            damaged(database, "its file has " + file.size() + " bytes where the log says " + size);
            return;
        }
        if (file.size() > size) {
            file.truncate(size);
        }
        if (header.commit() == 0) {
            return;
        }
        PageChecksums sums = sums(database);
        if (changed || sums.total(header.commit(), header.pageSize()) != header.postChecksum()) {
            LOG.info("read a database to make its page checksums anew: database={}", database.name);
            rebuild(file, sums, header);
            long total = sums.total(header.commit(), header.pageSize());
            if (total != header.postChecksum()) {
                damaged(
                        database,
                        String.format(
                                "its content has checksum %016x where the log says %016x at %016x",
                                total, header.postChecksum(), header.txid()));
            }
        }
        sums.write();
    }

    private static void rebuild(DiskFile file, PageChecksums sums, TransactionHeader header) throws DiskException {
        int pageSize = header.pageSize();
        int lockPage = LockPage.pgno(pageSize);
        ByteBuffer page = ByteBuffer.allocateDirect(pageSize);
        for (long p = 1; p <= Integer.toUnsignedLong(header.commit()); p++) {
            page.clear();
            file.read(page, (p - 1) * pageSize);
            while (page.hasRemaining()) {
                page.put((byte) 0);
            }
            sums.set((int) p, p == lockPage ? 0 : PageChecksum.of((int) p, page, 0, pageSize));
            if (sums.wantsWrite()) {
                sums.write();
            }
        }
    }

    private static void damaged(Recovered database, String reason) {
        database.damage = reason;
        LOG.error("found a database damaged: database={} reason=\"{}\"", database.name, reason);
    }

    private DiskFile file(Recovered database) throws DiskException {
        if (database.file == null) {
            String path = path(database.name);
            int slash = path.lastIndexOf('/');
            disk.makeDirectories(path.substring(0, slash));
            database.file = disk.open(path, Disk.Mode.CREATE);
        }
        return database.file;
    }

    private PageChecksums sums(Recovered database) throws DiskException {
        if (database.sums == null) {
            database.sums = new PageChecksums(disk, sumsPath(database.name));
        }
        return database.sums;
    }

    private static void close(Recovered database) {
        if (database.file != null) {
            database.file.close();
            database.file = null;
        }
        if (database.sums != null) {
            database.sums.close();
            database.sums = null;
        }
    }

    private static String path(String name) {
        return DatabaseSet.FILES + "/" + name;
    }

    private static String sumsPath(String name) {
        return DatabaseSet.sumsPath(name);
    }
}
