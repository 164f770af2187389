package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.PageChecksum;
import java.util.Optional;

/**
 * Whether a transaction of another node makes what its header says of what was received before: all the pages that it
 * must have, and the checksum after it.
 */
final class Verification {
    /** The checksum of a page before the transaction; 0 if there is none. */
    @FunctionalInterface
    interface Before {
        long checksum(int pgno) throws DiskException;
    }

    private final TransactionHeader header;
    private final SlotPages pages;
    private final Optional<TransactionHeader> last;
    private final Before before;

    Verification(TransactionHeader header, SlotPages pages, Optional<TransactionHeader> last, Before before) {
        this.header = header;
        this.pages = pages;
        this.last = last;
        this.before = before;
    }

    void check() throws CorruptDatabaseException, DiskException {
        long commit = Integer.toUnsignedLong(header.commit());
        if (header.image() == Image.DROP && commit != 0) {
            throw wrong("it is a drop and has pages");
        }
        if (commit == 0) {
            requireChecksum(PageChecksum.EMPTY);
            return;
        }
        long oldCommit =
                Integer.toUnsignedLong(last.map(TransactionHeader::commit).orElse(0));
        int oldPageSize = last.map(TransactionHeader::pageSize).orElse(0);
        boolean full = header.image() == Image.FULL;
        if (!full && oldCommit > 0 && header.pageSize() != oldPageSize) {
            throw wrong("its page size is " + header.pageSize() + " where the one before it has " + oldPageSize
                    + ", and it is not a full image");
        }
        requirePagesFrom(full ? 1 : oldCommit + 1, commit);
        // A jump says nothing of what was before: that is added up.
        long checksum = full
                ? PageChecksum.FLAG
                : header.jump() ? total(oldCommit, oldPageSize) : PageChecksum.FLAG | header.preChecksum();
        for (int i = 0; i < pages.count(); i++) {
            int pgno = pages.pgno(i);
            checksum = PageChecksum.replace(checksum, full ? 0 : before.checksum(pgno), pages.checksum(i));
        }
        if (!full) {
            for (long pgno = commit + 1; pgno <= oldCommit; pgno++) {
                checksum = PageChecksum.replace(checksum, before.checksum((int) pgno), 0);
            }
        }
        requireChecksum(checksum);
    }

    private long total(long commit, int pageSize) throws DiskException {
        long checksum = PageChecksum.FLAG;
        int lockPage = commit == 0 ? 0 : LockPage.pgno(pageSize);
        for (long pgno = 1; pgno <= commit; pgno++) {
            if (pgno != lockPage) {
                checksum = PageChecksum.toggle(checksum, before.checksum((int) pgno));
            }
        }
        return checksum;
    }

    /** Every page that the database gains must come with the transaction. */
    private void requirePagesFrom(long first, long commit) throws CorruptDatabaseException {
        int lockPage = LockPage.pgno(header.pageSize());
        int at = 0;
        while (at < pages.count() && Integer.toUnsignedLong(pages.pgno(at)) < first) {
            at++;
        }
        for (long pgno = first; pgno <= commit; pgno++) {
            if (pgno == lockPage) {
                continue;
            }
            if (at == pages.count() || Integer.toUnsignedLong(pages.pgno(at)) != pgno) {
                throw wrong("page " + pgno + " of " + commit + " is missing");
            }
            at++;
        }
    }

    private void requireChecksum(long checksum) throws CorruptDatabaseException {
        if (checksum != header.postChecksum()) {
            throw wrong(String.format(
                    "its pages make the checksum %016x where it says %016x", checksum, header.postChecksum()));
        }
    }

    private CorruptDatabaseException wrong(String why) {
        return new CorruptDatabaseException(LogReceiver.corrupt(header, why));
    }
}
