package io.ltxfs.archive.upload;

import io.ltxfs.database.ImageSink;
import io.ltxfs.database.NotAvailableException;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.LogOptions;
import io.ltxfs.database.log.LogRecord;
import io.ltxfs.database.log.PageSet;
import io.ltxfs.database.log.TestPages;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.log.TransactionLog;
import io.ltxfs.ltx.PageChecksum;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A log on a disk with databases whose content after every transaction is known: what a node is for the archive. For one
 * thread that commits, and any that read.
 */
final class TestNode implements LocalDatabases, AutoCloseable {
    private static final int UID = 1000;
    private static final int MODE = 0640;

    final Path data;
    final Map<String, History> histories = new HashMap<>();
    TransactionLog log;
    TransactionFeed feed;

    /** What a database was. */
    static final class History {
        final String name;
        int pageSize;
        long txid;
        long checksum;
        final TreeMap<Integer, byte[]> pages = new TreeMap<>();
        /** Content after each transaction; of a drop, none. */
        final TreeMap<Long, byte[]> images = new TreeMap<>();

        final TreeMap<Long, Long> times = new TreeMap<>();
        boolean there = true;

        History(String name, int pageSize) {
            this.name = name;
            this.pageSize = pageSize;
        }

        byte[] image() {
            byte[] image = new byte[pages.size() * pageSize];
            pages.forEach((pgno, page) -> System.arraycopy(page, 0, image, (pgno - 1) * pageSize, pageSize));
            return image;
        }
    }

    TestNode(Path data, LogOptions options) throws IOException {
        this.data = Files.createDirectories(data);
        PosixDisk disk = new PosixDisk(data);
        disk.makeDirectories(TransactionLog.DIRECTORY);
        this.log = TransactionLog.open(disk, options);
        this.feed = TransactionFeed.of(log);
    }

    TestNode(Path data) throws IOException {
        this(data, LogOptions.defaults());
    }

    History database(String name, int pageSize) {
        synchronized (this) {
            return histories.computeIfAbsent(name, missing -> new History(missing, pageSize));
        }
    }

    /** Changes some pages, lets the database grow or shrink now and then. */
    void commit(String name, long timeMillis, Random random) throws DiskException {
        History db = database(name, 1024);
        int size = db.pages.size();
        int commit = size == 0
                ? 1 + random.nextInt(4)
                : Math.max(1, Math.min(24, size + (random.nextInt(4) == 0 ? random.nextInt(7) - 3 : 0)));
        TreeMap<Integer, byte[]> changed = new TreeMap<>();
        for (int pgno = size + 1; pgno <= commit; pgno++) {
            changed.put(pgno, page(db.pageSize, random));
        }
        changed.put(1, page(db.pageSize, random));
        changed.put(1 + random.nextInt(commit), page(db.pageSize, random));
        commit(db, timeMillis, changed, commit, size == 0 ? Image.FULL : Image.DELTA);
    }

    /** A large transaction: so many pages anew. */
    void commitPages(String name, long timeMillis, int count, Random random) throws DiskException {
        History db = database(name, 1024);
        TreeMap<Integer, byte[]> changed = new TreeMap<>();
        for (int pgno = 1; pgno <= Math.max(count, db.pages.size()); pgno++) {
            changed.put(pgno, page(db.pageSize, random));
        }
        commit(db, timeMillis, changed, changed.size(), db.pages.isEmpty() ? Image.FULL : Image.DELTA);
    }

    /** Every page anew, in another size. */
    void repage(String name, long timeMillis, int pageSize, Random random) throws DiskException {
        History db = database(name, pageSize);
        TreeMap<Integer, byte[]> changed = new TreeMap<>();
        int commit = 1 + random.nextInt(6);
        for (int pgno = 1; pgno <= commit; pgno++) {
            changed.put(pgno, page(pageSize, random));
        }
        db.pageSize = pageSize;
        db.pages.clear();
        commit(db, timeMillis, changed, commit, Image.FULL);
    }

    void drop(String name, long timeMillis) throws DiskException {
        History db = database(name, 1024);
        commit(db, timeMillis, new TreeMap<>(), 0, Image.DROP);
        synchronized (this) {
            db.there = false;
        }
    }

    /** The database is put in place whole, from elsewhere, at a transaction. */
    void install(String name, History from, long txid) throws DiskException {
        History db = database(name, from.pageSize);
        byte[] image = from.images.get(txid);
        TransactionHeader header;
        synchronized (this) {
            db.pages.clear();
            for (int pgno = 1; pgno <= image.length / db.pageSize; pgno++) {
                int start = (pgno - 1) * db.pageSize;
                db.pages.put(pgno, java.util.Arrays.copyOfRange(image, start, start + db.pageSize));
            }
            db.txid = txid;
            db.checksum = PageChecksum.FLAG;
            db.pages.forEach((pgno, page) ->
                    db.checksum = PageChecksum.toggle(db.checksum, PageChecksum.of(pgno, page, 0, page.length)));
            db.images.put(txid, image);
            header = new TransactionHeader(
                    name,
                    txid,
                    0,
                    System.currentTimeMillis(),
                    db.pageSize,
                    db.pages.size(),
                    0,
                    db.checksum,
                    Image.INSTALLED,
                    UID,
                    UID,
                    MODE);
        }
        log.append(new LogRecord.Committed(header, PageSet.empty()));
    }

    /** Another node's history takes the place of this one: some pages of what was there differ. */
    void jump(String name, long txid, Random random) throws DiskException {
        History db = database(name, 1024);
        TreeMap<Integer, byte[]> changed = new TreeMap<>();
        changed.put(1, page(db.pageSize, random));
        TransactionHeader header;
        synchronized (this) {
            db.pages.put(1, changed.get(1));
            db.txid = txid;
            db.checksum = PageChecksum.FLAG;
            db.pages.forEach((pgno, page) ->
                    db.checksum = PageChecksum.toggle(db.checksum, PageChecksum.of(pgno, page, 0, page.length)));
            db.images.keySet().removeIf(later -> later >= txid);
            db.images.put(txid, db.image());
            header = new TransactionHeader(
                            name,
                            txid,
                            0,
                            System.currentTimeMillis(),
                            db.pageSize,
                            db.pages.size(),
                            0,
                            db.checksum,
                            Image.DELTA,
                            UID,
                            UID,
                            MODE)
                    .asJump();
        }
        log.append(new LogRecord.Committed(header, TestPages.of(changed)));
    }

    private void commit(History db, long timeMillis, TreeMap<Integer, byte[]> changed, int commit, Image image)
            throws DiskException {
        TransactionHeader header;
        synchronized (this) {
            long before = db.txid == 0 ? 0 : db.checksum;
            changed.forEach(db.pages::put);
            db.pages.tailMap(commit, false).clear();
            long after = PageChecksum.FLAG;
            for (Map.Entry<Integer, byte[]> page : db.pages.entrySet()) {
                after = PageChecksum.toggle(
                        after, PageChecksum.of(page.getKey(), page.getValue(), 0, page.getValue().length));
            }
            db.txid++;
            db.checksum = after;
            db.there = true;
            if (image != Image.DROP) {
                db.images.put(db.txid, db.image());
            }
            db.times.put(db.txid, timeMillis);
            header = new TransactionHeader(
                    db.name, db.txid, 0, timeMillis, db.pageSize, commit, before, after, image, UID, UID, MODE);
        }
        log.append(new LogRecord.Committed(header, TestPages.of(changed)));
    }

    @Override
    public void flush() throws DiskException {
        log.flushAndWait(log.lastLsn());
    }

    private static byte[] page(int pageSize, Random random) {
        byte[] page = new byte[pageSize];
        random.nextBytes(page);
        java.util.Arrays.fill(page, pageSize / 2, pageSize, (byte) random.nextInt());
        return page;
    }

    @Override
    public synchronized Collection<String> names() {
        return histories.values().stream()
                .filter(db -> db.there && db.txid > 0)
                .map(db -> db.name)
                .toList();
    }

    @Override
    public synchronized long txid(String database) {
        History db = histories.get(database);
        return db == null || !db.there ? 0 : db.txid;
    }

    @Override
    public void image(String database, ImageSink sink) throws IOException {
        TransactionHeader header;
        byte[] image;
        synchronized (this) {
            History db = histories.get(database);
            if (db == null || !db.there || db.txid == 0) {
                throw new NotAvailableException(database + ": no such database");
            }
            image = db.image();
            header = new TransactionHeader(
                    database, db.txid, 0, 0, db.pageSize, db.pages.size(), 0, db.checksum, Image.DELTA, UID, UID, MODE);
        }
        flush();
        ByteBuffer bytes = ByteBuffer.wrap(image);
        var channel = sink.open(header);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** As a kill leaves it, or a clean stop: the log is opened again. */
    void restart() throws IOException {
        log.close();
        log = TransactionLog.open(new PosixDisk(data), LogOptions.defaults());
        feed = TransactionFeed.of(log);
    }

    @Override
    public void close() throws IOException {
        log.close();
    }
}
