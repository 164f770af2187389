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
 * @param clockMillis wall clock, milliseconds since the Unix epoch
 */
public record DatabaseSetOptions(
        LogOptions log, Predicate<String> refuseUnjournaled, int stageMemoryBytes, LongSupplier clockMillis) {
    public static DatabaseSetOptions defaults() {
        return new DatabaseSetOptions(LogOptions.defaults(), name -> false, 1 << 20, System::currentTimeMillis);
    }
}
