package io.ltxfs.database.log;

import java.util.Arrays;

/** A map from page number to a place (a record and an index in its table); about 24 bytes a page. Not thread-safe. */
final class PageIndex {
    private int[] pgnos = new int[64];
    private int[] records = new int[64];
    private int[] indexes = new int[64];
    private int size;

    int size() {
        return size;
    }

    void clear() {
        Arrays.fill(pgnos, 0);
        size = 0;
    }

    /** @param pgno not 0 */
    void put(int pgno, int record, int index) {
        if (size * 3 >= pgnos.length * 2) {
            grow();
        }
        int slot = slotOf(pgno);
        if (pgnos[slot] == 0) {
            pgnos[slot] = pgno;
            size++;
        }
        records[slot] = record;
        indexes[slot] = index;
    }

    /** The record of a page, or -1. */
    int record(int pgno) {
        int slot = slotOf(pgno);
        return pgnos[slot] == 0 ? -1 : records[slot];
    }

    /** The index of a page, which must be there, in its record's table. */
    int index(int pgno) {
        return indexes[slotOf(pgno)];
    }

    /** The page numbers up to a limit, ascending, all unsigned. */
    int[] ascending(int limit) {
        int[] found = new int[size];
        int count = 0;
        for (int pgno : pgnos) {
            if (pgno != 0 && Integer.compareUnsigned(pgno, limit) <= 0) {
                found[count++] = pgno ^ Integer.MIN_VALUE;
            }
        }
        found = Arrays.copyOf(found, count);
        Arrays.sort(found);
        for (int i = 0; i < count; i++) {
            found[i] ^= Integer.MIN_VALUE;
        }
        return found;
    }

    private int slotOf(int pgno) {
        int mask = pgnos.length - 1;
        int slot = (pgno * 0x9E3779B1) >>> 7 & mask;
        while (pgnos[slot] != 0 && pgnos[slot] != pgno) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private void grow() {
        int[] oldPgnos = pgnos;
        int[] oldRecords = records;
        int[] oldIndexes = indexes;
        pgnos = new int[oldPgnos.length * 2];
        records = new int[pgnos.length];
        indexes = new int[pgnos.length];
        for (int i = 0; i < oldPgnos.length; i++) {
            if (oldPgnos[i] != 0) {
                int slot = slotOf(oldPgnos[i]);
                pgnos[slot] = oldPgnos[i];
                records[slot] = oldRecords[i];
                indexes[slot] = oldIndexes[i];
            }
        }
    }
}
