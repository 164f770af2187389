package io.ltxfs.database.receive;

import io.ltxfs.database.log.TransactionHeader;

/**
 * A transaction that was received and is not applied.
 *
 * @param header as the primary wrote it
 * @param lsn of its record in this node's log
 * @param pages how many pages it has
 * @param replaces whether the position jumps: the pages are those that differ from what was there before
 */
public record Arrival(TransactionHeader header, long lsn, int pages, boolean replaces) {}
