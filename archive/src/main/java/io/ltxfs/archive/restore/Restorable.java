package io.ltxfs.archive.restore;

import io.ltxfs.archive.plan.Moments;
import io.ltxfs.ltx.Txid;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What can be restored, in words. */
final class Restorable {
    private static final int RANGES_MAX = 5;

    private Restorable() {}

    static String describe(Moments moments) {
        List<Moments.Range> ranges = moments.ranges();
        if (ranges.isEmpty()) {
            return "nothing";
        }
        StringBuilder text = new StringBuilder();
        int from = Math.max(ranges.size() - RANGES_MAX, 0);
        for (Moments.Range range : ranges.subList(from, ranges.size())) {
            if (text.length() > 0) {
                text.append(", ");
            }
            text.append(Txid.format(range.firstTxid()));
            if (range.lastTxid() != range.firstTxid()) {
                text.append(" to ").append(Txid.format(range.lastTxid()));
            }
            Optional<Instant> time = range.lastTime();
            if (time.isPresent()) {
                text.append(" (").append(time.get()).append(')');
            }
        }
        if (from > 0) {
            text.append(", and ").append(from).append(" older ones");
        }
        return text.toString();
    }
}
