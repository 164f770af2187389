package io.ltxfs.archive.bundle;

import io.ltxfs.ltx.LockPage;

/**
 * One transaction in a bundle: a whole LTX file with database checksums.
 *
 * @param txid its TXID (unsigned)
 * @param offset of the LTX file's first byte in the bundle
 * @param length of the LTX file in bytes
 * @param timestampMillis when it was committed, milliseconds since the Unix epoch
 * @param pageSize of the database after it
 * @param commit the database's size in pages after it (unsigned); 0 when it deletes the database
 * @param pages how many pages the LTX file has (unsigned)
 * @param fileCrc the CRC-32C of the LTX file's bytes
 * @param preChecksum the LTX database checksum before it; 0 if {@code txid} is 1
 * @param postChecksum the LTX database checksum after it
 */
public record BundleEntry(
        long txid,
        long offset,
        long length,
        long timestampMillis,
        int pageSize,
        int commit,
        int pages,
        int fileCrc,
        long preChecksum,
        long postChecksum) {
    /** What an entry takes in a bundle's table, in bytes. */
    public static final int SIZE = BundleLayout.ENTRY_SIZE;

    /** Whether it holds every page of the database, so that nothing before it is needed. */
    public boolean isWhole() {
        int lockPgno = LockPage.pgno(pageSize);
        int without = Integer.compareUnsigned(commit, lockPgno) >= 0 ? commit - 1 : commit;
        return pages == without;
    }
}
