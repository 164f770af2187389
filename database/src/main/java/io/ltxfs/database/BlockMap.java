package io.ltxfs.database;

import java.util.Arrays;

/** A map from block numbers (0 or more) to slots, open addressing over primitive arrays: 12 bytes an entry at full load. */
final class BlockMap {
    private static final long FREE = -1;
    private static final long REMOVED = -2;

    private long[] keys = new long[16];
    private int[] values = new int[16];
    private int size;
    private int filled;

    BlockMap() {
        Arrays.fill(keys, FREE);
    }

    int size() {
        return size;
    }

    /** The slot of a block, or -1. */
    int get(long key) {
        for (int i = index(key); ; i = i + 1 & keys.length - 1) {
            if (keys[i] == key) {
                return values[i];
            }
            if (keys[i] == FREE) {
                return -1;
            }
        }
    }

    void put(long key, int value) {
        if ((filled + 1) * 4 > keys.length * 3) {
            rehash(size * 2 >= keys.length ? keys.length * 2 : keys.length);
        }
        int hole = -1;
        for (int i = index(key); ; i = i + 1 & keys.length - 1) {
            if (keys[i] == key) {
                values[i] = value;
                return;
            }
            if (keys[i] == REMOVED && hole < 0) {
                hole = i;
            }
            if (keys[i] == FREE) {
                if (hole < 0) {
                    hole = i;
                    filled++;
                }
                keys[hole] = key;
                values[hole] = value;
                size++;
                return;
            }
        }
    }

    /** Removes every block from a number on. */
    void removeFrom(long first) {
        for (int i = 0; i < keys.length; i++) {
            if (keys[i] >= first) {
                keys[i] = REMOVED;
                size--;
            }
        }
    }

    /** The blocks, ascending. */
    long[] sortedKeys() {
        long[] sorted = new long[size];
        int n = 0;
        for (long key : keys) {
            if (key >= 0) {
                sorted[n++] = key;
            }
        }
        Arrays.sort(sorted);
        return sorted;
    }

    void clear() {
        keys = new long[16];
        values = new int[16];
        Arrays.fill(keys, FREE);
        size = 0;
        filled = 0;
    }

    private int index(long key) {
        long h = key * 0x9e3779b97f4a7c15L;
        return (int) (h >>> 32) & keys.length - 1;
    }

    private void rehash(int capacity) {
        long[] oldKeys = keys;
        int[] oldValues = values;
        keys = new long[capacity];
        values = new int[capacity];
        Arrays.fill(keys, FREE);
        size = 0;
        filled = 0;
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] >= 0) {
                put(oldKeys[i], oldValues[i]);
            }
        }
    }
}
