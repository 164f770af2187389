package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.ltx.Txid;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What may be deleted, and what replaces each of it. Pure: decides by lists and a moment.
 *
 * <p>A moment <i>t</i> within {@code history} is restored from an object that ends before it and a bundle. So a bundle is
 * kept as long as its last transaction is within {@code history}, and an object of a level as long as anything of the
 * larger object that replaces it is: then the boundary before every kept bundle is there. The newest snapshot older than
 * {@code history} is where the oldest moments start from.
 *
 * <p>Of every level a beginning is deleted, never something in the middle, and never the newest.
 */
public final class RetentionPlan {
    /**
     * Something that may be deleted as soon as what replaces it is verified.
     *
     * @param key its key
     * @param level its level; {@link #BUNDLE} for a bundle
     * @param replacedBy of which at least one is an LTX object
     */
    public record Deletion(String key, int level, List<Replacement> replacedBy) {
        /** Copies the list. */
        public Deletion {
            replacedBy = List.copyOf(replacedBy);
        }
    }

    /** What holds the same transactions, and stays. */
    public sealed interface Replacement {
        /** Its key. */
        String key();

        /** An LTX object. */
        record ByObject(LtxObject object) implements Replacement {
            @Override
            public String key() {
                return object.key();
            }
        }

        /** A bundle. */
        record ByBundle(BundleObject bundle) implements Replacement {
            @Override
            public String key() {
                return bundle.key();
            }
        }
    }

    /** Stands for a bundle where a level is meant. */
    public static final int BUNDLE = -1;

    /** Objects of a level overlap only if two processes compacted at the same time; what is not found is kept. */
    private static final int OVERLAPS_MAX = 8;

    private final Holdings holdings;
    private final Instant now;
    private final RetentionRules rules;
    private final List<List<LtxObject>> kept = new ArrayList<>();
    private final List<Deletion> snapshotDeletions = new ArrayList<>();
    private final List<Deletion> deletions = new ArrayList<>();
    private @Nullable LtxObject base;
    private long floor;
    private @Nullable Instant nextAt;

    private RetentionPlan(Holdings holdings, Instant now, RetentionRules rules) {
        this.holdings = holdings;
        this.now = now;
        this.rules = rules;
        for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            kept.add(holdings.level(level));
        }
    }

    /** Says what may be deleted now. */
    public static RetentionPlan of(Holdings holdings, Instant now, RetentionRules rules) {
        RetentionPlan plan = new RetentionPlan(holdings, now, rules);
        plan.planSnapshots();
        for (int level = ArchiveLayout.SNAPSHOT_LEVEL - 1; level >= 0; level--) {
            plan.planLevel(level);
        }
        plan.planBundles();
        return plan;
    }

    /**
     * What may be deleted, in the order in which to do it: snapshots, so that what hangs on them cannot be begun any more,
     * then small objects before the larger ones that replace them, of each level the oldest first. Of one level only a
     * beginning may be deleted.
     */
    public List<Deletion> deletions() {
        List<Deletion> all = new ArrayList<>(snapshotDeletions);
        all.addAll(deletions);
        return all;
    }

    /** When something more may be deleted though nothing is added; empty if never. */
    public Optional<Instant> nextAt() {
        return Optional.ofNullable(nextAt);
    }

    private void planSnapshots() {
        List<LtxObject> snapshots = holdings.snapshots();
        int first = 0;
        while (first + 1 < snapshots.size()
                && isPast(snapshots.get(first).modified(), rules.snapshotsKeep())
                && isPast(snapshots.get(first + 1).modified(), rules.history())) {
            first++;
        }
        if (snapshots.isEmpty()) {
            return;
        }
        base = snapshots.get(first);
        kept.set(ArchiveLayout.SNAPSHOT_LEVEL, snapshots.subList(first, snapshots.size()));
        floor = first == 0 ? 0 : snapshots.get(first - 1).maxTxid();
        for (LtxObject snapshot : snapshots.subList(0, first)) {
            snapshotDeletions.add(deletionOf(snapshot, base));
        }
    }

    private void planLevel(int level) {
        List<LtxObject> objects = holdings.level(level);
        LtxObject newest = Holdings.furthest(objects).orElse(null);
        List<Deletion> found = new ArrayList<>();
        for (LtxObject object : objects) {
            Deletion deletion = object.equals(newest) ? null : deletion(object);
            if (deletion == null) {
                break;
            }
            found.add(deletion);
        }
        kept.set(level, objects.subList(found.size(), objects.size()));
        deletions.addAll(0, found);
    }

    private @Nullable Deletion deletion(LtxObject object) {
        if (base != null && Txid.compare(object.maxTxid(), floor) < 0) {
            return deletionOf(object, base);
        }
        LtxObject cover = cover(object.minTxid(), object.maxTxid(), object.level() + 1);
        if (cover == null) {
            return null;
        }
        if (object.level() == 0 && cover.level() == 1) {
            return deletion(object, cover);
        }
        return isPast(cover.modified(), rules.history()) ? deletionOf(object, cover) : null;
    }

    /** Level 0 goes as soon as its transactions are in an object of level 1 and, one by one, in its bundle. */
    private @Nullable Deletion deletion(LtxObject object, LtxObject cover) {
        if (sameRange(object, cover)) {
            return isPast(object.modified(), rules.levelZero()) ? deletionOf(object, cover) : null;
        }
        BundleObject bundle = holdings.bundle(cover.minTxid(), cover.maxTxid()).orElse(null);
        if (bundle == null || isPast(bundle.modified(), rules.history())) {
            return isPast(cover.modified(), rules.history()) ? deletionOf(object, cover) : null;
        }
        return isPast(object.modified(), rules.levelZero())
                ? new Deletion(
                        object.key(), 0, List.of(new Replacement.ByObject(cover), new Replacement.ByBundle(bundle)))
                : null;
    }

    private static Deletion deletionOf(LtxObject object, LtxObject cover) {
        return new Deletion(object.key(), object.level(), List.of(new Replacement.ByObject(cover)));
    }

    private void planBundles() {
        List<Deletion> found = new ArrayList<>();
        for (BundleObject bundle : holdings.bundles()) {
            LtxObject cover = cover(bundle.minTxid(), bundle.maxTxid(), 1);
            if (cover == null && base != null && Txid.compare(bundle.maxTxid(), floor) < 0) {
                cover = base;
            }
            if (cover == null) {
                continue;
            }
            if (isPast(bundle.modified(), rules.history())) {
                found.add(new Deletion(bundle.key(), BUNDLE, List.of(new Replacement.ByObject(cover))));
                continue;
            }
            BundleObject larger = cover.level() == 1
                    ? holdings.bundle(cover.minTxid(), cover.maxTxid()).orElse(null)
                    : null;
            if (larger != null && !larger.equals(bundle) && isPast(bundle.modified(), rules.levelZero())) {
                found.add(new Deletion(
                        bundle.key(),
                        BUNDLE,
                        List.of(new Replacement.ByObject(cover), new Replacement.ByBundle(larger))));
            }
        }
        deletions.addAll(found);
    }

    /** The smallest object that stays and holds a range, of a level or one above. */
    private @Nullable LtxObject cover(long minTxid, long maxTxid, int fromLevel) {
        for (int level = fromLevel; level < ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            List<LtxObject> objects = kept.get(level);
            int last = Holdings.lastFrom(objects, LtxObject::minTxid, minTxid);
            for (int i = last; i >= 0 && i > last - OVERLAPS_MAX; i--) {
                if (Txid.compare(objects.get(i).maxTxid(), maxTxid) >= 0) {
                    return objects.get(i);
                }
            }
        }
        return null;
    }

    private static boolean sameRange(LtxObject a, LtxObject b) {
        return a.minTxid() == b.minTxid() && a.maxTxid() == b.maxTxid();
    }

    private boolean isPast(Instant begin, Duration age) {
        Instant end = begin.plus(age);
        if (!end.isAfter(now)) {
            return true;
        }
        if (nextAt == null || end.isBefore(nextAt)) {
            nextAt = end;
        }
        return false;
    }
}
