package io.ltxfs.archive.plan;

import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.bundle.BundleTable;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Finds the last transaction at or before a moment by the transactions' own timestamps, which ascend with the TXIDs. The
 * ends of objects are searched in halves, each look one small request; between two ends, bundles tell.
 */
final class TimeSearch {
    /**
     * What was found.
     *
     * @param txid the last transaction that is known not to be after the moment (unsigned); 0 if none is
     * @param exact whether the next transaction is known to be after it, or there is none
     */
    record Found(long txid, boolean exact) {}

    private TimeSearch() {}

    static Found find(Survey survey, Instant time) throws IOException, PlanAgain {
        List<Long> ends = new ArrayList<>(survey.ends());
        int before = -1;
        int after = ends.size();
        while (after - before > 1) {
            int middle = (before + after) >>> 1;
            Optional<Instant> at = survey.timeOf(ends.get(middle));
            if (at.isEmpty()) {
                ends.remove(middle);
                after--;
            } else if (at.get().isAfter(time)) {
                after = middle;
            } else {
                before = middle;
            }
        }
        long txid = before < 0 ? 0 : ends.get(before);
        return after == ends.size() ? new Found(txid, true) : refine(survey, time, txid, ends.get(after));
    }

    /** Looks into the bundle between two ends of objects, of which the first is not after the moment and the next one is. */
    private static Found refine(Survey survey, Instant time, long before, long after) throws IOException, PlanAgain {
        if (before + 1 == after) {
            return new Found(before, true);
        }
        Optional<BundleObject> bundle = survey.bundleWith(before + 1);
        if (bundle.isEmpty()) {
            return new Found(before, false);
        }
        BundleTable table = survey.peek(bundle.get()).tableOnly();
        OptionalLong last = table.lastAtOrBefore(time.toEpochMilli());
        if (last.isEmpty() || Txid.compare(last.getAsLong(), before) <= 0) {
            return new Found(before, true);
        }
        // A bundle that ends here ends at the next end, unless that one's time is not known.
        return new Found(last.getAsLong(), last.getAsLong() != table.maxTxid() || last.getAsLong() + 1 == after);
    }
}
