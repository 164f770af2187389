package io.ltxfs.database.log;

/**
 * The last committed state of one database before a segment begins; every segment's head holds one for every database
 * that ever had a transaction, dropped ones too (their TXIDs go on).
 *
 * @param lsn the LSN of that last transaction
 * @param header its header
 * @param watermarkLsn up to here everything is durably in the database file; 0 if unknown
 */
public record CatalogEntry(long lsn, TransactionHeader header, long watermarkLsn) {}
