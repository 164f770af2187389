package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.PageSet;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.sqlite.DatabaseHeader;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.PageChecksum;
import java.nio.ByteBuffer;
import java.util.function.IntPredicate;

/**
 * Makes the log record of what an overlay holds over the committed file: the pages whose checksum changed (C4, in
 * rollback mode only), and every page that the database gained, with what a reader would see (C8). The commit size comes
 * from page 1, not from the file's size (C6); a page size that changed makes it a full image (C7).
 */
final class RecordBuilder {

    /** A transaction as it goes into the log. */
    record Built(TransactionHeader header, PageSet pages) {
        /** Whether the transaction leaves the database as it was. */
        boolean changesNothing(State state) {
            return pages.count() == 0
                    && header.commit() == state.commit
                    && header.pageSize() == state.pageSize
                    && state.position.txid() != 0;
        }
    }

    private RecordBuilder() {}

    /**
     * @param hint the page size to take where page 1 has no SQLite header (an encrypted database); 0 if not known
     * @throws DiskException EIO if the content is no database of whole pages
     */
    static Built build(State state, Overlay view, int hint) throws DiskException {
        ByteBuffer header = ByteBuffer.allocate(DatabaseHeader.SIZE);
        view.readFully(0, header);
        header.flip();
        boolean plain = DatabaseHeader.hasMagic(header, 0) && DatabaseHeader.pageSize(header) != 0;
        int pageSize = plain ? DatabaseHeader.pageSize(header) : hint != 0 ? hint : state.pageSize;
        int commit = 0;
        if (view.size() > 0) {
            if (pageSize == 0) {
                throw new NotADatabaseException(state.name);
            }
            if (!plain && hint == 0 && view.size() % pageSize != 0) {
                throw new NotADatabaseException(state.name);
            }
            commit = plain ? DatabaseHeader.pageCount(header) : 0;
            if (commit == 0) {
                commit = (int) (view.size() / pageSize);
            }
        }
        boolean full = commit > 0 && (state.wantsFull || state.position.txid() == 0 || pageSize != state.pageSize);
        ViewPages pages = new ViewPages(view, pageSize);
        if (full) {
            addRange(pages, view, pageSize, 1, commit);
        } else if (commit > 0) {
            addChanged(state, pages, view, pageSize, commit, pgno -> false);
        }
        return new Built(state.header(pages, pageSize, commit, full), pages);
    }

    /**
     * What SQLite sees of a file that was written below a WAL: the size is that of the WAL's last commit.
     *
     * @param hidden the pages that it takes from the WAL
     */
    static Built buildBelow(State state, Overlay view, IntPredicate hidden) throws DiskException {
        ViewPages pages = new ViewPages(view, state.pageSize);
        addChanged(state, pages, view, state.pageSize, state.commit, hidden);
        return new Built(state.header(pages, state.pageSize, state.commit, false), pages);
    }

    private static void addChanged(
            State state, ViewPages pages, Overlay view, int pageSize, int commit, IntPredicate hidden)
            throws DiskException {
        int lockPage = LockPage.pgno(pageSize);
        long old = Integer.toUnsignedLong(state.commit);
        long last = Integer.toUnsignedLong(commit);
        ByteBuffer page = ByteBuffer.allocate(pageSize);
        boolean sameUnit = view.blockSize() == pageSize;
        long previous = 0;
        for (long block : view.blocks()) {
            long first = block * view.blockSize() / pageSize + 1;
            long end = ((block + 1) * view.blockSize() + pageSize - 1) / pageSize;
            for (long p = Math.max(first, previous + 1); p <= Math.min(end, Math.min(old, last)); p++) {
                previous = p;
                if (p == lockPage || hidden.test((int) p)) {
                    continue;
                }
                long checksum = sameUnit ? view.checksum(view.slot(block)) : checksum(view, (int) p, page);
                if (checksum != state.sums.get((int) p)) {
                    pages.add((int) p, checksum);
                }
            }
        }
        if (last > old) {
            addRange(pages, view, pageSize, old + 1, commit);
        }
    }

    private static void addRange(ViewPages pages, Overlay view, int pageSize, long first, int commit)
            throws DiskException {
        int lockPage = LockPage.pgno(pageSize);
        ByteBuffer page = ByteBuffer.allocate(pageSize);
        boolean sameUnit = view.blockSize() == pageSize;
        for (long p = first; p <= Integer.toUnsignedLong(commit); p++) {
            if (p != lockPage) {
                int slot = sameUnit ? view.slot(p - 1) : -1;
                pages.add((int) p, slot >= 0 ? view.checksum(slot) : checksum(view, (int) p, page));
            }
        }
    }

    private static long checksum(Overlay view, int pgno, ByteBuffer page) throws DiskException {
        page.clear();
        view.readFully((Integer.toUnsignedLong(pgno) - 1) * page.capacity(), page);
        return PageChecksum.of(pgno, page, 0, page.capacity());
    }
}
