package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * What the archive of one database has, as lists show it.
 *
 * @param levels the LTX objects of each level, 0 to 9, in the order of their names
 * @param bundles in the order of their names
 */
public record Holdings(List<List<LtxObject>> levels, List<BundleObject> bundles) {
    /** Copies the lists. */
    public Holdings {
        levels = levels.stream().map(List::copyOf).toList();
        bundles = List.copyOf(bundles);
    }

    /**
     * Lists everything. Lower levels come first and bundles last: whatever is seen of a level, the bundle that was put
     * before it is seen too.
     */
    public static Holdings read(DatabaseArchive database) throws IOException {
        List<List<LtxObject>> levels = new ArrayList<>();
        for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            levels.add(database.list(level, 0));
        }
        return new Holdings(levels, database.listBundles(0));
    }

    /** The same with one more object of a level. */
    Holdings with(LtxObject object) {
        List<List<LtxObject>> changed = new ArrayList<>(levels);
        List<LtxObject> level = new ArrayList<>(levels.get(object.level()));
        level.add(object);
        level.sort(Comparator.comparing(LtxObject::minTxid, Txid::compare)
                .thenComparing(LtxObject::maxTxid, Txid::compare));
        changed.set(object.level(), level);
        return new Holdings(changed, bundles);
    }

    /** The objects of a level, in the order of their names. */
    public List<LtxObject> level(int level) {
        return levels.get(level);
    }

    /** The snapshots, the oldest first. */
    public List<LtxObject> snapshots() {
        return level(ArchiveLayout.SNAPSHOT_LEVEL);
    }

    /** The object of a level that reaches furthest. */
    public Optional<LtxObject> newest(int level) {
        return furthest(level(level));
    }

    /** The object that reaches furthest; of several the one that begins last. */
    static Optional<LtxObject> furthest(List<LtxObject> objects) {
        LtxObject best = null;
        for (LtxObject object : objects) {
            if (best == null || Txid.compare(object.maxTxid(), best.maxTxid()) >= 0) {
                best = object;
            }
        }
        return Optional.ofNullable(best);
    }

    /** The bundle of exactly these transactions. */
    public Optional<BundleObject> bundle(long minTxid, long maxTxid) {
        for (int i = lastFrom(bundles, BundleObject::minTxid, minTxid);
                i >= 0 && bundles.get(i).minTxid() == minTxid;
                i--) {
            if (bundles.get(i).maxTxid() == maxTxid) {
                return Optional.of(bundles.get(i));
            }
        }
        return Optional.empty();
    }

    /** The index of the last one that begins at or before a transaction; -1 if there is none. */
    static <T> int lastFrom(List<T> ordered, ToLongFunction<T> minTxid, long txid) {
        int low = 0;
        int high = ordered.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Txid.compare(minTxid.applyAsLong(ordered.get(middle)), txid) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    /** Whether nothing was ever archived. */
    public boolean isEmpty() {
        return levels.stream().allMatch(List::isEmpty);
    }
}
