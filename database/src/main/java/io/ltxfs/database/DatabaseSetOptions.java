package io.ltxfs.database;

import io.ltxfs.database.log.LogOptions;
import java.util.function.LongSupplier;

/**
 * How a node keeps its databases.
 *
 * @param log bounds of the log
 * @param refuseUnjournaled {@code unjournaled: refuse} instead of {@code adopt}
 * @param stageMemoryBytes pages of a running transaction that stay in memory before they go to a staging file
 * @param clockMillis wall clock, milliseconds since the Unix epoch
 */
public record DatabaseSetOptions(
        LogOptions log, boolean refuseUnjournaled, int stageMemoryBytes, LongSupplier clockMillis) {
    public static DatabaseSetOptions defaults() {
        return new DatabaseSetOptions(LogOptions.defaults(), false, 1 << 20, System::currentTimeMillis);
    }
}
