package io.ltxfs.archive.fence;

/**
 * How far the archive of a database is.
 *
 * @param txid the last transaction that it has (unsigned); 0 for none
 * @param checksum the LTX database checksum after it; 0 if that is not known, or the database was dropped
 * @param dropped whether that transaction removed the database
 * @param epoch under which it was put there (unsigned), 0 without one. A later one that was claimed does not count: its
 *     primary may have died before it had a transaction
 */
public record Reached(long txid, long checksum, boolean dropped, long epoch) {}
