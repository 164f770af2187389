package io.ltxfs.database;

import java.util.List;

/**
 * A snapshot of one database for {@code status}.
 *
 * @param name its path below the mount
 * @param position last transaction
 * @param pageSize in bytes, 0 if not known yet
 * @param pages database size in pages
 * @param journalMode {@code wal}, {@code rollback} or {@code unknown}; the last journal mode seen: delete, truncate, persist, memory/off
 * @param firstTxid the oldest position that the log reaches back to; 0 if none
 * @param state {@code ok}, {@code unjournaled} or {@code quarantined}
 * @param warnings one line each, empty if all is well
 */
public record DatabaseStatus(
        String name,
        Position position,
        int pageSize,
        long pages,
        String journalMode,
        long firstTxid,
        String state,
        List<String> warnings) {}
