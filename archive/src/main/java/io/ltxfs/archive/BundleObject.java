package io.ltxfs.archive;

import java.time.Instant;

/**
 * A bundle in the archive, as a list shows it: single transactions beside the level that merges them.
 *
 * @param minTxid the first transaction in it (unsigned)
 * @param maxTxid the last one; all between are in it
 * @param key its key in the store
 * @param size in bytes
 * @param modified when it was put, as the store says
 */
public record BundleObject(long minTxid, long maxTxid, String key, long size, Instant modified) {}
