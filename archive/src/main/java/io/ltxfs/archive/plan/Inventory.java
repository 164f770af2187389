package io.ltxfs.archive.plan;

import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.bundle.BundleEntry;
import io.ltxfs.archive.bundle.BundleWriter;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What lies in a database's archive, as lists tell it.
 *
 * @param objects LTX objects of all levels
 * @param bundles bundles
 * @param record the record, if there is one
 */
record Inventory(List<LtxObject> objects, List<BundleObject> bundles, Optional<DatabaseRecord> record) {
    /** Header, end of pages, an empty index and its size, trailer. */
    private static final int LTX_SIZE_MIN = 100 + 6 + 1 + 8 + 16;

    /**
     * Lists. From the lower levels to the higher ones, and the record last: what moves up meanwhile is seen at least once,
     * and a drop or a new epoch is not missed.
     */
    static Inventory of(DatabaseArchive db) throws IOException {
        List<LtxObject> objects = new ArrayList<>();
        Set<String> present = Set.copyOf(db.store().children(db.prefix()));
        for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            String top = db.levelPrefix(level).substring(db.prefix().length());
            if (present.contains(top.substring(0, top.indexOf('/')))) {
                objects.addAll(db.list(level, 0));
            }
        }
        List<BundleObject> bundles = present.contains("bundles") ? db.listBundles(0) : List.of();
        return new Inventory(objects, bundles, DatabaseRecord.load(db));
    }

    /** The keys of objects that are too small for what their names say: put by something that puts no whole objects. */
    List<String> stumps() {
        List<String> keys = new ArrayList<>();
        for (LtxObject object : objects) {
            if (object.size() < LTX_SIZE_MIN) {
                keys.add(object.key());
            }
        }
        for (BundleObject bundle : bundles) {
            long count = bundle.maxTxid() - bundle.minTxid() + 1;
            if (count < 1
                    || count > BundleWriter.TRANSACTIONS_MAX
                    || bundle.size() < count * (LTX_SIZE_MIN + BundleEntry.SIZE)) {
                keys.add(bundle.key());
            }
        }
        return keys;
    }

    boolean isEmpty() {
        return objects.isEmpty() && bundles.isEmpty();
    }

    Inventory without(Set<String> keys) {
        return new Inventory(
                filter(objects, object -> !keys.contains(object.key())),
                filter(bundles, bundle -> !keys.contains(bundle.key())),
                record);
    }

    private static <T> List<T> filter(List<T> list, Predicate<T> keep) {
        return list.stream().filter(keep).collect(Collectors.toList());
    }

    /** The greatest TXID of any object; 0 without objects. */
    long lastTxid() {
        long last = 0;
        for (LtxObject object : objects) {
            last = Txid.compare(object.maxTxid(), last) > 0 ? object.maxTxid() : last;
        }
        for (BundleObject bundle : bundles) {
            last = Txid.compare(bundle.maxTxid(), last) > 0 ? bundle.maxTxid() : last;
        }
        return last;
    }

    /** The smallest TXID above another one at which an object begins; 0 if there is none. */
    long nextBegin(long txid) {
        long next = 0;
        for (LtxObject object : objects) {
            next = lower(next, object.minTxid(), txid);
        }
        for (BundleObject bundle : bundles) {
            next = lower(next, bundle.minTxid(), txid);
        }
        return next;
    }

    private static long lower(long next, long begin, long above) {
        return Txid.compare(begin, above) > 0 && (next == 0 || Txid.compare(begin, next) < 0) ? begin : next;
    }
}
