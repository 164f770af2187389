package io.ltxfs.archive.verify;

import io.ltxfs.archive.plan.Moments;
import java.util.List;

/**
 * What a check of one database's archive found.
 *
 * @param database its name
 * @param objects how many objects there are
 * @param whole how many of them were read whole
 * @param bytes how many bytes those have
 * @param problems in the order of their keys; none if all is well
 * @param moments what can be restored without the objects that cannot be relied on
 */
public record VerifyReport(
        String database, int objects, int whole, long bytes, List<Problem> problems, Moments moments) {
    /** Copies the list. */
    public VerifyReport {
        problems = List.copyOf(problems);
    }
}
