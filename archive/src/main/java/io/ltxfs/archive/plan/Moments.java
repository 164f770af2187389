package io.ltxfs.archive.plan;

import io.ltxfs.archive.DatabaseArchive;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What can be restored of a database: ranges of transactions, each of which can be had exactly.
 *
 * @param ranges ascending, none touches the next
 * @param lastTxid the last transaction that any object has (unsigned); greater than the last range's end if some are
 *     missing before it
 */
public record Moments(List<Range> ranges, long lastTxid) {

    /**
     * Consecutive transactions, each of which can be restored; one for the end of an object where no single transactions
     * are kept.
     *
     * @param firstTxid the first (unsigned)
     * @param lastTxid the last one
     * @param firstTime the first one's timestamp, if it is known and was asked for
     * @param lastTime the last one's timestamp
     */
    public record Range(long firstTxid, long lastTxid, Optional<Instant> firstTime, Optional<Instant> lastTime) {}

    /** Copies the list. */
    public Moments {
        ranges = List.copyOf(ranges);
    }

    /**
     * Looks what can be restored.
     *
     * @param times whether to find the ranges' times: up to two requests each
     * @param without keys of objects that are damaged
     */
    public static Moments of(DatabaseArchive db, boolean times, Set<String> without) throws IOException {
        try (Survey survey = new Survey(db, without)) {
            while (true) {
                try {
                    return of(survey, times);
                } catch (PlanAgain again) {
                    // Without what was passed over.
                }
            }
        }
    }

    private static Moments of(Survey survey, boolean times) throws IOException, PlanAgain {
        List<Range> ranges = new ArrayList<>();
        if (times) {
            List<Long> ends = new ArrayList<>();
            for (TxidRanges.Range range : survey.reachable().ranges()) {
                ends.add(range.first());
                ends.add(range.last());
            }
            survey.askTimes(ends);
        }
        for (TxidRanges.Range range : survey.reachable().ranges()) {
            Optional<Instant> first = times ? survey.timeOf(range.first()) : Optional.empty();
            Optional<Instant> last = times ? survey.timeOf(range.last()) : Optional.empty();
            ranges.add(new Range(range.first(), range.last(), first, last));
        }
        return new Moments(ranges, survey.inventory().lastTxid());
    }
}
