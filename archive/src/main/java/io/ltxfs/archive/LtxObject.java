package io.ltxfs.archive;

import java.time.Instant;

/**
 * An LTX file in the archive, as a list shows it: its name says what it holds.
 *
 * @param level 0 to 8, or 9 for a snapshot
 * @param minTxid the first transaction in it, 1 or more (unsigned)
 * @param maxTxid the last one
 * @param key its key in the store
 * @param size in bytes
 * @param modified when it was put, as the store says
 */
public record LtxObject(int level, long minTxid, long maxTxid, String key, long size, Instant modified) {}
