package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.plan.LitestreamPlan;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** How readers get on with an archive, by names alone. */
final class PlanModel {
    private PlanModel() {}

    /** What {@code litestream restore} reads; empty if it refuses. */
    static List<LtxObject> litestream(Holdings holdings) {
        try {
            return LitestreamPlan.plan(
                    holdings.levels().stream().flatMap(List::stream).toList(),
                    0,
                    Optional.empty(),
                    LtxObject::modified);
        } catch (ArchiveException e) {
            return List.of();
        }
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
