package io.ltxfs.database;

import io.ltxfs.database.log.LogOptions;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * How a node keeps its databases.
 *
 * @param log bounds of the log
 * @param refuseUnjournaled whether {@code unjournaled: refuse} holds for a database's name, instead of {@code adopt}
 * @param stageMemoryBytes pages of a running transaction that stay in memory before they go to a staging file
 * @param clockMillis wall clock, milliseconds since the Unix epoch; may jump
 * @param behind what happens when a follower of the log has not released as much as the log may hold
 */
public record DatabaseSetOptions(
        LogOptions log,
        Predicate<String> refuseUnjournaled,
        int stageMemoryBytes,
        LongSupplier clockMillis,
        Behind behind) {

    /** What happens when a follower of the log has not released as much as the log may hold. */
    public enum Behind {
        /** The log is trimmed all the same, and the follower is told that it has lost something. */
        START_OVER,
        /** Commits are refused with ENOSPC until it has caught up. */
        REFUSE_WRITES
    }

    /** With {@link Behind#START_OVER}. */
    public DatabaseSetOptions(
            LogOptions log, Predicate<String> refuseUnjournaled, int stageMemoryBytes, LongSupplier clockMillis) {
        this(log, refuseUnjournaled, stageMemoryBytes, clockMillis, Behind.START_OVER);
    }

    public static DatabaseSetOptions defaults() {
        return new DatabaseSetOptions(LogOptions.defaults(), name -> false, 1 << 20, System::currentTimeMillis);
    }
}
