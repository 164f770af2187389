package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.log.LogEntry;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.log.TransactionLog;
import io.ltxfs.database.receive.Divergent;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.LtxFileName;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.ltx.PageCoding;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link Divergent} on a disk. Each file is written under another name, synced and renamed. */
final class DivergentFiles implements Divergent {
    private static final Logger LOG = LoggerFactory.getLogger(DivergentFiles.class);
    private static final Pattern NAME = Pattern.compile("[0-9a-f]{16}-[0-9a-f]{16}(\\.[0-9]+)?\\.ltx");
    private static final String TEMPORARY = ".tmp";
    private static final int PAGE_SIZE_OF_NOTHING = 4096;

    private final DatabaseSet set;
    private final Disk disk;
    private final TransactionLog log;
    private final Map<String, Kept> kept = new ConcurrentSkipListMap<>();
    private volatile boolean counted;

    DivergentFiles(DatabaseSet set, Disk disk, TransactionLog log) {
        this.set = set;
        this.disk = disk;
        this.log = log;
    }

    /** Does not wait for {@link #keep}, which may take long: whoever looks at the state of a node asks. */
    @Override
    public Map<String, Kept> all() {
        if (!counted) {
            try {
                count();
            } catch (DiskException e) {
                LOG.warn("could not count what is kept of other histories: error=\"{}\"", e.getMessage());
            }
        }
        return Map.copyOf(kept);
    }

    @Override
    public synchronized Kept keep(String database, List<Position> history) throws IOException {
        count();
        Fork fork = new Fork(database, history);
        LogHistory decided = LogHistory.read(log);
        TransactionLog.Hold hold = log.hold();
        try {
            log.scan(0, entry -> {
                TransactionHeader header = entry.header();
                if (header != null && header.database().equals(database) && decided.isCommitted(entry)) {
                    fork.transaction(entry, header);
                }
                return true;
            });
            Kept before = kept.getOrDefault(database, Kept.NONE);
            if (fork.needsImage() && set.find(database).isPresent()) {
                image(database);
            }
            log.scan(fork.fromLsn, entry -> {
                TransactionHeader header = entry.header();
                if (header != null
                        && header.database().equals(database)
                        && decided.isCommitted(entry)
                        && !header.jump()
                        && header.image() != Image.INSTALLED) {
                    transaction(entry, header);
                }
                return true;
            });
            Kept now = kept.getOrDefault(database, Kept.NONE);
            Kept written = new Kept(now.files() - before.files(), now.bytes() - before.bytes());
            if (written.files() > 0) {
                LOG.warn(
                        "kept transactions that the history of the primary does not have: database={} files={} bytes={}"
                                + " directory={}",
                        database,
                        written.files(),
                        written.bytes(),
                        DIRECTORY + "/" + database);
            }
            return written;
        } finally {
            hold.close();
        }
    }

    /** Looks for the last position that both histories have. */
    private final class Fork {
        private final Set<Position> history;
        private boolean found;
        private boolean whole;
        private boolean any;
        /** From here on nothing is in the other history. */
        private long fromLsn;

        Fork(String database, List<Position> history) {
            this.history = new HashSet<>(history);
            io.ltxfs.database.log.CatalogEntry before = log.catalog().get(database);
            if (before != null) {
                TransactionHeader header = before.header();
                found = this.history.contains(new Position(header.txid(), header.postChecksum()));
            }
        }

        void transaction(LogEntry entry, TransactionHeader header) {
            boolean base = header.jump() || header.image() == Image.INSTALLED;
            if (base) {
                found = false;
                fromLsn = entry.lsn() + 1;
            }
            if (base || !any) {
                whole = !base && (header.image() == Image.FULL || header.commit() == 0);
            }
            any = true;
            if (history.contains(new Position(header.txid(), header.postChecksum()))) {
                found = true;
                fromLsn = entry.lsn() + 1;
            }
        }

        boolean needsImage() {
            return !found && !whole;
        }
    }

    private void transaction(LogEntry entry, TransactionHeader header) throws DiskException {
        boolean first = header.txid() == 1;
        int pageSize = header.pageSize() == 0 ? PAGE_SIZE_OF_NOTHING : header.pageSize();
        LtxHeader ltx = first
                ? LtxHeader.snapshot(pageSize, header.commit(), 1, header.timeMillis())
                : LtxHeader.delta(
                        pageSize,
                        header.commit(),
                        header.txid(),
                        header.txid(),
                        header.timeMillis(),
                        header.preChecksum());
        write(
                header.database(),
                ltx,
                header.postChecksum(),
                writer -> log.pages(entry, (pgno, checksum, page) -> {
                    try {
                        writer.writePage(pgno, page, page.position());
                    } catch (DiskException e) {
                        throw e;
                    } catch (IOException e) {
                        throw new DiskException(io.ltxfs.database.disk.Errno.EIO, String.valueOf(e.getMessage()));
                    }
                }));
    }

    private void image(String database) throws IOException {
        String path = DIRECTORY + "/" + database.hashCode() + ".image" + TEMPORARY;
        disk.makeDirectories(DIRECTORY);
        try (DiskFile copy = disk.open(path, Disk.Mode.CREATE)) {
            copy.truncate(0);
            TransactionHeader header = set.export(database, 0, new Channel(copy));
            if (header.commit() == 0) {
                return;
            }
            int pageSize = header.pageSize();
            LtxHeader ltx = LtxHeader.snapshot(pageSize, header.commit(), header.txid(), header.timeMillis());
            write(database, ltx, header.postChecksum(), writer -> {
                ByteBuffer page = ByteBuffer.allocate(pageSize);
                for (long pgno = 1; pgno <= Integer.toUnsignedLong(header.commit()); pgno++) {
                    if (pgno != LockPage.pgno(pageSize)) {
                        copy.read(page.clear(), (pgno - 1) * pageSize);
                        writer.writePage((int) pgno, page, 0);
                    }
                }
            });
        } catch (NotAvailableException e) {
            LOG.info("nothing to keep of a database without transactions: database={}", database);
        } finally {
            disk.unlink(path);
        }
    }

    @FunctionalInterface
    private interface Pages {
        void writeTo(LtxWriter writer) throws IOException;
    }

    private void write(String database, LtxHeader header, long postChecksum, Pages pages) throws DiskException {
        String directory = DIRECTORY + "/" + database;
        disk.makeDirectories(directory);
        String name = new LtxFileName(header.minTxid(), header.maxTxid()).toString();
        String temporary = directory + "/" + name + TEMPORARY;
        boolean renamed = false;
        try (DiskFile file = disk.open(temporary, Disk.Mode.CREATE)) {
            file.truncate(0);
            Stream out = new Stream(file);
            LtxWriter writer = new LtxWriter(out, header, PageCoding.BLOCK);
            pages.writeTo(writer);
            writer.finish(postChecksum);
            file.sync();
            String path = freePath(directory, name, file);
            if (!path.isEmpty()) {
                disk.rename(temporary, path);
                renamed = true;
                syncUp(directory);
                kept.merge(database, new Kept(1, out.at), (a, b) -> a.plus(b.bytes()));
            }
        } catch (DiskException e) {
            throw e;
        } catch (IOException e) {
            throw new DiskException(
                    io.ltxfs.database.disk.Errno.EIO, "write of " + directory + "/" + name + ": " + e.getMessage());
        } finally {
            if (!renamed) {
                disk.unlink(temporary);
            }
        }
    }

    /** A name that is free; empty if the same file is there already. */
    private String freePath(String directory, String name, DiskFile file) throws DiskException {
        String stem = name.substring(0, name.length() - ".ltx".length());
        for (int i = 1; ; i++) {
            String path = directory + "/" + (i == 1 ? name : stem + "." + i + ".ltx");
            if (!disk.exists(path)) {
                return path;
            }
            try (DiskFile there = disk.open(path, Disk.Mode.READ)) {
                if (same(there, file)) {
                    return "";
                }
            }
        }
    }

    private static boolean same(DiskFile a, DiskFile b) throws DiskException {
        if (a.size() != b.size()) {
            return false;
        }
        ByteBuffer left = ByteBuffer.allocate(1 << 16);
        ByteBuffer right = ByteBuffer.allocate(1 << 16);
        for (long at = 0; at < a.size(); at += left.limit()) {
            a.read(left.clear(), at);
            b.read(right.clear(), at);
            if (!left.flip().equals(right.flip())) {
                return false;
            }
        }
        return true;
    }

    private void syncUp(String directory) throws DiskException {
        for (String path = directory; !path.isEmpty(); ) {
            disk.syncDirectory(path);
            int slash = path.lastIndexOf('/');
            path = slash < 0 ? "" : path.substring(0, slash);
        }
        disk.syncDirectory("");
    }

    // ---- what is there

    private synchronized void count() throws DiskException {
        if (!counted) {
            kept.clear();
            count(DIRECTORY, "");
            counted = true;
        }
    }

    private void count(String directory, String database) throws DiskException {
        for (String name : disk.list(directory)) {
            String path = directory + "/" + name;
            if (NAME.matcher(name).matches()) {
                try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
                    kept.merge(database, new Kept(1, file.size()), (a, b) -> a.plus(b.bytes()));
                }
            } else if (!name.endsWith(TEMPORARY)) {
                count(path, database.isEmpty() ? name : database + "/" + name);
            }
        }
    }

    /** Writes behind what is there. */
    private static final class Stream extends OutputStream {
        private final DiskFile file;
        private long at;

        Stream(DiskFile file) {
            this.file = file;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            file.write(ByteBuffer.wrap(bytes, from, length), at);
            at += length;
        }
    }

    /** The same as a channel. */
    private static final class Channel implements WritableByteChannel {
        private final DiskFile file;
        private long at;

        Channel(DiskFile file) {
            this.file = file;
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            int length = source.remaining();
            file.write(source, at);
            at += length;
            return length;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
