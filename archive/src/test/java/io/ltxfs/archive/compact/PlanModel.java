package io.ltxfs.archive.compact;

import io.ltxfs.archive.LtxObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** How a reader gets to the end by names alone, as {@code litestream restore} does: the furthest reach wins. */
final class PlanModel {
    private final List<Integer> levels = new ArrayList<>();
    private long end;

    PlanModel(Holdings holdings) {
        if (!holdings.snapshots().isEmpty()) {
            end = holdings.snapshots().get(holdings.snapshots().size() - 1).maxTxid();
            levels.add(9);
        }
        for (boolean more = true; more; ) {
            LtxObject best = null;
            for (int level = 8; level >= 0; level--) {
                for (LtxObject object : holdings.level(level)) {
                    boolean follows = object.minTxid() <= end + 1 && object.maxTxid() > end;
                    if (follows && (best == null || object.maxTxid() > best.maxTxid())) {
                        best = object;
                    }
                }
            }
            more = best != null;
            if (best != null) {
                end = best.maxTxid();
                levels.add(best.level());
            }
        }
    }

    long end() {
        return end;
    }

    List<Integer> levels() {
        return levels;
    }

    /** The ends that a chain from a whole image reaches. */
    static Set<Long> ends(List<LtxObject> byEnd) {
        TreeSet<Long> ends = new TreeSet<>(Set.of(0L));
        for (LtxObject object : byEnd) {
            Long before = ends.lower(object.maxTxid());
            if (object.minTxid() == 1 || before != null && before >= object.minTxid() - 1) {
                ends.add(object.maxTxid());
            }
        }
        return new HashSet<>(ends);
    }
}
