package io.ltxfs.database;

import java.util.Arrays;

/**
 * The checksums of the pages of one database that were received and are not applied, the newest of each, over the array
 * of what is applied. 20 bytes a page at full load. Not thread-safe.
 */
final class ReceivedSums {
    /** No such page was received. No checksum is this: they all have the highest bit. */
    static final long UNKNOWN = 1;

    private int[] pgnos = new int[64];
    private long[] checksums = new long[64];
    private long[] lsns = new long[64];
    private int size;
    private int sizeAtSweep;

    /** The checksum of a page, or {@link #UNKNOWN}. */
    long get(int pgno) {
        if (size == 0) {
            return UNKNOWN;
        }
        int slot = slotOf(pgno);
        return pgnos[slot] == 0 ? UNKNOWN : checksums[slot];
    }

    /** A page was received. @param pgno not 0 */
    void put(int pgno, long checksum, long lsn) {
        if (size * 3 >= pgnos.length * 2) {
            rehash(pgnos.length * 2, 0);
        }
        int slot = slotOf(pgno);
        if (pgnos[slot] == 0) {
            pgnos[slot] = pgno;
            size++;
        }
        checksums[slot] = checksum;
        lsns[slot] = lsn;
    }

    /** Everything up to an LSN is applied: what came with it may be forgotten, and is, now and then. */
    void applied(long lsn) {
        if (size > 1024 + 2 * sizeAtSweep) {
            rehash(pgnos.length, lsn);
            sizeAtSweep = size;
        }
    }

    void clear() {
        if (size > 0) {
            pgnos = new int[64];
            checksums = new long[64];
            lsns = new long[64];
            size = 0;
        }
        sizeAtSweep = 0;
    }

    int size() {
        return size;
    }

    private int slotOf(int pgno) {
        int mask = pgnos.length - 1;
        int slot = (pgno * 0x9E3779B1) >>> 7 & mask;
        while (pgnos[slot] != 0 && pgnos[slot] != pgno) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private void rehash(int capacity, long appliedLsn) {
        int[] oldPgnos = pgnos;
        long[] oldChecksums = checksums;
        long[] oldLsns = lsns;
        pgnos = new int[capacity];
        checksums = new long[capacity];
        lsns = new long[capacity];
        Arrays.fill(pgnos, 0);
        size = 0;
        for (int i = 0; i < oldPgnos.length; i++) {
            if (oldPgnos[i] != 0 && oldLsns[i] > appliedLsn) {
                int slot = slotOf(oldPgnos[i]);
                pgnos[slot] = oldPgnos[i];
                checksums[slot] = oldChecksums[i];
                lsns[slot] = oldLsns[i];
                size++;
            }
        }
    }
}
