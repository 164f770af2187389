package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.PageSet;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.ltx.PageChecksum;
import org.jspecify.annotations.Nullable;

/**
 * Where a database is: position, size, page checksums, file. Every change of position goes through
 * {@link #committed}. The database's lock owns it.
 */
final class State {
    final String name;
    final Services services;
    final CommittedFile file;
    final PageChecksums sums;

    volatile Position position;
    /** Epoch and checksum before the last transaction. */
    private long epoch;

    private long preChecksum;
    /** When the last transaction was captured. */
    private long timeMillis;
    /** The latest time that a transaction of this name has had: later ones are not older, whatever the clock says. */
    private long latestMillis;

    int pageSize;
    /** Committed size in pages, unsigned. */
    int commit;
    /** LSN of the last transaction, 0 if there is none. */
    long lastLsn;
    /** What the file holds was never captured, or is not what the log says: the next transaction is a full image. */
    boolean wantsFull;

    int uid;
    int gid;
    int mode;

    private @Nullable Undo undo;

    State(String name, Services services, CommittedFile file, PageChecksums sums, Position position) {
        this.name = name;
        this.services = services;
        this.file = file;
        this.sums = sums;
        this.position = position;
    }

    /** How to take the last transaction back. */
    private record Undo(
            long lsn, TransactionHeader header, long lastLsn, boolean wantsFull, int[] pgnos, long[] before) {}

    long commitBytes() {
        return Integer.toUnsignedLong(commit) * pageSize;
    }

    /** Describes a transaction whose pages are given; reads the checksums of the pages that it replaces. */
    TransactionHeader header(PageSet pages, int newPageSize, int newCommit, boolean full) throws DiskException {
        long before = position.txid() == 0 ? 0 : position.checksum();
        long after;
        if (newCommit == 0) {
            after = PageChecksum.EMPTY;
        } else if (full) {
            after = PageChecksum.FLAG;
            for (int i = 0; i < pages.count(); i++) {
                after = PageChecksum.toggle(after, pages.checksum(i));
            }
        } else {
            after = before == 0 ? PageChecksum.FLAG : before;
            for (int i = 0; i < pages.count(); i++) {
                int pgno = pages.pgno(i);
                long old = Integer.compareUnsigned(pgno, commit) <= 0 ? sums.get(pgno) : 0;
                after = PageChecksum.replace(after, old, pages.checksum(i));
            }
            for (long p = Integer.toUnsignedLong(newCommit) + 1; p <= Integer.toUnsignedLong(commit); p++) {
                after = PageChecksum.replace(after, sums.get((int) p), 0);
            }
        }
        return new TransactionHeader(
                name,
                position.txid() + 1,
                services.host().epoch(),
                nextMillis(),
                newPageSize,
                newCommit,
                before,
                after,
                full ? Image.FULL : Image.DELTA,
                uid,
                gid,
                mode);
    }

    /** When a transaction is captured that comes now, milliseconds since the Unix epoch; never goes back. */
    long nextMillis() {
        return Math.max(latestMillis, services.options().clockMillis().getAsLong());
    }

    /** No transaction is older than this. */
    void notBefore(long millis) {
        latestMillis = Math.max(latestMillis, millis);
    }

    /** The header of the last transaction, with the owner as it is now. */
    TransactionHeader lastHeader() {
        return new TransactionHeader(
                name,
                position.txid(),
                epoch,
                timeMillis,
                pageSize,
                commit,
                preChecksum,
                position.checksum(),
                Image.DELTA,
                uid,
                gid,
                mode);
    }

    /** This is the last transaction. */
    void moved(TransactionHeader header, long lsn) {
        pageSize = header.pageSize() == 0 ? pageSize : header.pageSize();
        commit = header.commit();
        lastLsn = lsn;
        epoch = header.epoch();
        preChecksum = header.preChecksum();
        timeMillis = header.timeMillis();
        notBefore(timeMillis);
        position = new Position(header.txid(), header.postChecksum());
    }

    /** The transaction is in the log and decided: this is the database's position from here on. */
    void committed(TransactionHeader header, PageSet pages, long lsn, boolean undoable) throws DiskException {
        boolean full = header.image() != Image.DELTA;
        int count = pages.count();
        undo = undoable && !full ? undoOf(header, pages, lsn) : null;
        if (full) {
            sums.clear(1, commit);
        }
        for (int i = 0; i < count; i++) {
            sums.set(pages.pgno(i), pages.checksum(i));
        }
        if (!full && Integer.compareUnsigned(header.commit(), commit) < 0) {
            sums.clear(header.commit() + 1, commit);
        }
        moved(header, lsn);
        wantsFull = false;
        if (sums.wantsWrite()) {
            try {
                sums.write();
            } catch (DiskException e) {
                // What could not be written stays in memory, and maintenance tries again: the log has it all.
            }
        }
    }

    private Undo undoOf(TransactionHeader header, PageSet pages, long lsn) throws DiskException {
        int count = pages.count();
        int gone = Math.max(0, commit - header.commit());
        int[] pgnos = new int[count + gone];
        for (int i = 0; i < count; i++) {
            pgnos[i] = pages.pgno(i);
        }
        for (int i = 0; i < gone; i++) {
            pgnos[count + i] = header.commit() + 1 + i;
        }
        long[] before = new long[pgnos.length];
        for (int i = 0; i < pgnos.length; i++) {
            before[i] = sums.get(pgnos[i]);
        }
        return new Undo(lsn, lastHeader(), lastLsn, wantsFull, pgnos, before);
    }

    /** Whether the transaction with this LSN was the last and can be taken back. */
    boolean canUndo(long lsn) {
        return undo != null && undo.lsn == lsn;
    }

    /** Takes the last transaction back: it is withdrawn from the log. */
    void undo() throws DiskException {
        Undo last = undo;
        if (last == null) {
            throw new IllegalStateException("nothing to take back");
        }
        for (int i = 0; i < last.pgnos.length; i++) {
            sums.set(last.pgnos[i], last.before[i]);
        }
        moved(last.header, last.lastLsn);
        wantsFull = last.wantsFull;
        undo = null;
    }
}
