package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.log.LogRecord;
import io.ltxfs.database.log.PageSet;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.log.TransactionLog;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.PageChecksum;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Puts a whole database in place without its pages going through the log.
 *
 * <p>The file and its checksum array are made ready under names that follow from the position, and durable. Then one
 * record in the log says that they are the database; once that is durable it counts, and {@link #finish} gives them their
 * names, here or in recovery. What is ready and has no record is removed by recovery.
 */
final class Install {
    static final String DIRECTORY = "install";
    private static final String SUMS = ".sums";

    /**
     * A database in its place.
     *
     * @param lsn of the record
     * @param watermark up to where the log says that everything is in the file
     */
    record Installed(DiskFile file, PageChecksums sums, long lsn, long watermark) {}

    private final Disk disk;
    private final TransactionLog log;

    Install(Disk disk, TransactionLog log) {
        this.disk = disk;
        this.log = log;
    }

    Installed install(String stagingPath, TransactionHeader position) throws IOException {
        TransactionHeader header = as(Image.INSTALLED, position, position.commit(), position.postChecksum());
        String ready = readyPath(header);
        disk.makeDirectories(DIRECTORY);
        disk.syncDirectory("");
        disk.unlink(ready + SUMS);
        makeSums(stagingPath, header, ready + SUMS);
        disk.setAttributes(stagingPath, header.uid(), header.gid(), header.mode());
        disk.rename(stagingPath, ready);
        disk.syncDirectory(DIRECTORY);
        long lsn = log.appendOpen(new LogRecord.Committed(header, PageSet.empty()));
        DiskFile file;
        PageChecksums sums;
        try {
            log.flushAndWait(lsn);
            finish(disk, header);
            file = disk.open(DatabaseSet.path(header.database()), Disk.Mode.WRITE);
            sums = new PageChecksums(disk, DatabaseSet.sumsPath(header.database()));
        } catch (DiskException e) {
            withdraw(lsn, header, e);
            throw e;
        }
        log.settle(lsn);
        return new Installed(file, sums, lsn, markInFile(header.database(), lsn));
    }

    /** @return up to where the log says that everything is in the file: without a mark recovery finishes once more */
    private long markInFile(String database, long lsn) {
        try {
            log.append(new LogRecord.Watermark(database, lsn));
            return lsn;
        } catch (DiskException e) {
            return 0;
        }
    }

    /** The file goes back first: as long as the record counts, recovery must find it. */
    private void withdraw(long lsn, TransactionHeader header, DiskException cause) {
        String ready = readyPath(header);
        try {
            if (!disk.exists(ready)) {
                disk.rename(DatabaseSet.path(header.database()), ready);
                DatabaseSet.syncParent(disk, header.database());
                disk.syncDirectory(DIRECTORY);
            }
            log.flushAndWait(log.append(new LogRecord.Abort(lsn)));
            disk.unlink(ready);
            disk.unlink(ready + SUMS);
            disk.unlink(DatabaseSet.sumsPath(header.database()));
        } catch (DiskException e) {
            cause.addSuppressed(e);
        }
    }

    /** @return the header of the drop */
    TransactionHeader installDropped(TransactionHeader position) throws DiskException {
        TransactionHeader header = as(Image.DROP, position, 0, PageChecksum.EMPTY);
        long lsn = log.append(new LogRecord.Committed(header, PageSet.empty()));
        log.flushAndWait(log.append(new LogRecord.Watermark(header.database(), lsn)));
        return header;
    }

    /** Gives the files that a record speaks of their names, as far as that has not been done, durably. */
    static void finish(Disk disk, TransactionHeader header) throws DiskException {
        String name = header.database();
        String ready = readyPath(header);
        if (disk.exists(ready)) {
            String path = DatabaseSet.path(name);
            disk.makeDirectories(path.substring(0, path.lastIndexOf('/')));
            disk.rename(ready, path);
        }
        if (disk.exists(ready + SUMS)) {
            disk.rename(ready + SUMS, DatabaseSet.sumsPath(name));
        }
        DatabaseSet.syncParent(disk, name);
        disk.syncDirectory(DatabaseSet.SUMS);
        disk.syncDirectory(DIRECTORY);
    }

    /** Removes what no record speaks of, when recovery has finished the others. */
    static void removeLeft(Disk disk) throws DiskException {
        for (String left : disk.list(DIRECTORY)) {
            disk.unlink(DIRECTORY + "/" + left);
        }
    }

    private void makeSums(String path, TransactionHeader header, String sumsPath) throws IOException {
        long total;
        PageChecksums sums = new PageChecksums(disk, sumsPath);
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            long bytes = Integer.toUnsignedLong(header.commit()) * header.pageSize();
            if (file.size() != bytes) {
                throw new CorruptDatabaseException(String.format(
                        "%s at %016x: its file has %d bytes instead of %d",
                        header.database(), header.txid(), file.size(), bytes));
            }
            total = checksum(file, header, sums);
            sums.write();
            sums.sync();
        } finally {
            sums.close();
        }
        if (total != header.postChecksum()) {
            disk.unlink(sumsPath);
            throw new CorruptDatabaseException(String.format(
                    "%s at %016x: its content has checksum %016x instead of %016x",
                    header.database(), header.txid(), total, header.postChecksum()));
        }
    }

    /** Sets the checksum of every page, and gives that of the database. */
    private static long checksum(DiskFile file, TransactionHeader header, PageChecksums sums) throws DiskException {
        int pageSize = header.pageSize();
        int lockPage = LockPage.pgno(Math.max(pageSize, 512));
        int piecePages = Math.max(1, (1 << 20) / Math.max(pageSize, 1));
        ByteBuffer piece = ByteBuffer.allocateDirect(piecePages * pageSize);
        long total = PageChecksum.FLAG;
        long last = Integer.toUnsignedLong(header.commit());
        for (long first = 1; first <= last; first += piecePages) {
            file.read(piece.clear(), (first - 1) * pageSize);
            for (int i = 0; i < piece.position() / pageSize; i++) {
                int pgno = (int) (first + i);
                if (pgno != lockPage) {
                    long checksum = PageChecksum.of(pgno, piece, i * pageSize, pageSize);
                    sums.set(pgno, checksum);
                    total = PageChecksum.toggle(total, checksum);
                }
            }
            if (sums.wantsWrite()) {
                sums.write();
            }
        }
        return total;
    }

    private static TransactionHeader as(Image image, TransactionHeader position, int commit, long checksum) {
        return new TransactionHeader(
                position.database(),
                position.txid(),
                position.epoch(),
                position.timeMillis(),
                position.pageSize(),
                commit,
                position.preChecksum(),
                checksum,
                image,
                position.uid(),
                position.gid(),
                position.mode());
    }

    private static String readyPath(TransactionHeader header) {
        String hash = DatabaseSet.sumsPath(header.database()).substring(DatabaseSet.SUMS.length() + 1);
        return String.format("%s/%s-%016x", DIRECTORY, hash, header.txid());
    }
}
