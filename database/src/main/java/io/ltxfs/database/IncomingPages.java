package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionLog.PageVisitor;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.PageChecksum;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Takes the pages of a transaction of another node: small ones in memory, others in a stage of the log. */
final class IncomingPages implements PageVisitor, AutoCloseable {
    private final TransactionHeader header;
    private final int lockPage;
    private final SlotStore store;
    private int[] pgnos = new int[16];
    private long[] checksums = new long[16];
    private int count;
    private @Nullable String wrong;
    private boolean taken;

    IncomingPages(TransactionHeader header, SlotStore store) {
        this.header = header;
        this.lockPage = header.commit() == 0 ? 0 : LockPage.pgno(header.pageSize());
        this.store = store;
    }

    @Override
    public void page(int pgno, long ignored, ByteBuffer page) throws DiskException {
        if (wrong != null) {
            return;
        }
        if (pgno == 0 || Integer.compareUnsigned(pgno, header.commit()) > 0 || pgno == lockPage) {
            wrong = "page " + Integer.toUnsignedString(pgno) + " is none of the "
                    + Integer.toUnsignedString(header.commit()) + " that it has";
        } else if (count > 0 && Integer.compareUnsigned(pgno, pgnos[count - 1]) <= 0) {
            wrong = "page " + Integer.toUnsignedString(pgno) + " comes after page "
                    + Integer.toUnsignedString(pgnos[count - 1]);
        } else if (page.remaining() != header.pageSize()) {
            wrong = "page " + Integer.toUnsignedString(pgno) + " has " + page.remaining() + " bytes, not "
                    + header.pageSize();
        } else {
            add(pgno, page);
        }
    }

    private void add(int pgno, ByteBuffer page) throws DiskException {
        if (count == pgnos.length) {
            pgnos = Arrays.copyOf(pgnos, count * 2);
            checksums = Arrays.copyOf(checksums, count * 2);
        }
        pgnos[count] = pgno;
        checksums[count] = PageChecksum.of(pgno, page, page.position(), header.pageSize());
        store.add(page);
        count++;
    }

    /** What is wrong with the pages that came, or null. */
    @Nullable
    String wrong() {
        return wrong;
    }

    /** The pages; who takes them closes their store. */
    SlotPages take() {
        taken = true;
        int[] slots = new int[count];
        Arrays.setAll(slots, i -> i);
        return new SlotPages(store, Arrays.copyOf(pgnos, count), Arrays.copyOf(checksums, count), slots);
    }

    @Override
    public void close() {
        if (!taken) {
            store.close();
        }
    }
}
