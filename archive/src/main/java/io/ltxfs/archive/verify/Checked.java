package io.ltxfs.archive.verify;

import io.ltxfs.archive.ObjectFacts;
import java.util.List;

/**
 * What the check of one object found out for the check of how objects fit together.
 *
 * @param key of the object
 * @param level 0 to 9, or {@link #BUNDLE}
 * @param minTxid the first transaction (unsigned)
 * @param maxTxid the last one
 * @param facts what its metadata says
 * @param timestampMillis of the last transaction as its content says; 0 if it was not looked at, or says nothing
 * @param claims what database checksums it says there were
 */
record Checked(
        String key,
        int level,
        long minTxid,
        long maxTxid,
        ObjectFacts facts,
        long timestampMillis,
        List<Claim> claims) {
    /** The level of bundles, for order only. */
    static final int BUNDLE = -1;

    /**
     * Somebody says which checksum the database had.
     *
     * @param txid after which transaction (unsigned)
     * @param checksum the LTX database checksum
     * @param proven whether content was found that has it
     */
    record Claim(long txid, long checksum, boolean proven) {}
}
