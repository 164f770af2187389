package io.ltxfs.archive.plan;

import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.bundle.BundleEntry;
import io.ltxfs.archive.bundle.BundleTable;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.LtxEnds;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxIndexCursor;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.ObjectContent;
import java.io.IOException;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where a history begins anew inside the archive: objects, and transactions of bundles, that have every page of the database
 * though they do not begin at the first transaction. Names do not tell it; it is looked for only where nothing else leads
 * to a target. Not for use by several threads at once.
 */
final class Images {
    private final Set<String> wholeObjects = new HashSet<>();
    private final TreeSet<Long> transactions = new TreeSet<>(Txid::compare);

    /** Takes what a bundle's table tells; returns whether it was something new. */
    boolean add(BundleTable table) {
        boolean added = false;
        for (int i = 0; i < table.count(); i++) {
            BundleEntry entry = table.entry(i);
            added |= entry.commit() != 0 && entry.isWhole() && transactions.add(entry.txid());
        }
        return added;
    }

    /** Takes an object that has every page. */
    boolean add(LtxObject object) {
        return wholeObjects.add(object.key());
    }

    boolean isWhole(LtxObject object) {
        return wholeObjects.contains(object.key());
    }

    /** Whether a state is followed by a transaction with every page, so that what it was does not matter. */
    boolean isBefore(long state) {
        return transactions.contains(state + 1);
    }

    /** The states that are followed by such a transaction. */
    long[] before() {
        return transactions.stream().mapToLong(txid -> txid - 1).toArray();
    }

    /** The first such transaction in a bundle. */
    OptionalLong firstIn(BundleObject bundle) {
        Long first = transactions.ceiling(bundle.minTxid());
        return first != null && Txid.compare(first, bundle.maxTxid()) <= 0
                ? OptionalLong.of(first)
                : OptionalLong.empty();
    }

    /** Whether an LTX object has every page, by its index; three requests. */
    static boolean hasEveryPage(DatabaseArchive db, LtxObject object) throws IOException {
        try {
            byte[] head = read(db, object, 0, LtxEnds.HEAD_BYTES);
            byte[] tail = read(db, object, -LtxEnds.TAIL_BYTES, LtxEnds.TAIL_BYTES);
            LtxEnds ends = LtxEnds.parse(object.size(), head, tail);
            long pages = Integer.toUnsignedLong(ends.header().commit());
            long wanted =
                    pages >= Integer.toUnsignedLong(LockPage.pgno(ends.header().pageSize())) ? pages - 1 : pages;
            try (ObjectContent content = db.store().get(object.key(), ends.indexStart(), ends.indexSize())) {
                LtxIndexCursor index = ends.index(content.stream());
                long count = 0;
                while (index.next()) {
                    count++;
                }
                return count == wanted;
            }
        } catch (LtxFormatException e) {
            return false;
        }
    }

    private static byte[] read(DatabaseArchive db, LtxObject object, long offset, long length) throws IOException {
        try (ObjectContent content = db.store().get(object.key(), offset, length)) {
            return content.readAll();
        }
    }
}
