package io.ltxfs.archive.plan;

import io.ltxfs.archive.ObjectFacts;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What to read to come to a target.
 *
 * @param database the database's name
 * @param txid the transaction that is reached (unsigned)
 * @param time its own timestamp, if the archive knows it
 * @param pageSize of the database at the target; every step has it
 * @param checksum the LTX database checksum at the target; 0 if the archive does not know it (Litestream wrote it), then
 *     every object must be read whole and its file checksum verified
 * @param owner whose file it is, if the archive knows it
 * @param steps in the order in which they apply; the first one needs nothing before it
 * @param requests how many requests the planning took
 * @param warnings what was found on the way and did not hinder, one line each
 */
public record RestorePlan(
        String database,
        long txid,
        Optional<Instant> time,
        int pageSize,
        long checksum,
        Optional<ObjectFacts.Owner> owner,
        List<Step> steps,
        int requests,
        List<String> warnings) {
    /** Copies the lists. */
    public RestorePlan {
        steps = List.copyOf(steps);
        warnings = List.copyOf(warnings);
    }

    /** How many bytes of the archive the steps cover. */
    public long bytes() {
        return steps.stream().mapToLong(Step::bytes).sum();
    }
}
