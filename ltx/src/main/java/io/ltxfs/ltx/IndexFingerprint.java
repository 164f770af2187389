package io.ltxfs.ltx;

import java.util.concurrent.ThreadLocalRandom;

/**
 * A set of index entries, in constant memory: two sets with the same fingerprint are the same set. The reader takes
 * one of the frames it saw and one of the index behind them, which may list them in any order, without keeping an
 * entry for each page.
 *
 * <p>It is a sum, so the order does not matter; each entry is mixed with numbers that every process draws anew, so no
 * file can be prepared to deceive it.
 */
final class IndexFingerprint {
    private static final long SECRET1 = ThreadLocalRandom.current().nextLong();
    private static final long SECRET2 = ThreadLocalRandom.current().nextLong();

    private long entries;
    private long sum1;
    private long sum2;

    void add(long pgno, long offset, long size) {
        long h = mix(mix(mix(pgno ^ SECRET1) + offset) + size);
        entries++;
        sum1 += h;
        sum2 += mix(h ^ SECRET2);
    }

    long entries() {
        return entries;
    }

    boolean matches(IndexFingerprint other) {
        return entries == other.entries && sum1 == other.sum1 && sum2 == other.sum2;
    }

    /**
     * The finaliser of MurmurHash3: a bijection in which every input bit changes every output bit with probability one
     * half.
     */
    private static long mix(long value) {
        long h = value;
        h = (h ^ h >>> 33) * 0xff51afd7ed558ccdL;
        h = (h ^ h >>> 33) * 0xc4ceb9fe1a85ec53L;
        return h ^ h >>> 33;
    }
}
