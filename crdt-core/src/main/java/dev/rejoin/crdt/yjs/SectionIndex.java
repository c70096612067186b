package dev.rejoin.crdt.yjs;

import java.util.Arrays;

/** Client id to section number, for one batch at a time. */
final class SectionIndex {
    private long[] keys = new long[8];
    private int[] values = new int[8];

    void clear(int expected) {
        int size = Math.max(8, Integer.highestOneBit(Math.max(1, expected)) * 4);
        if (keys.length < size) {
            keys = new long[size];
            values = new int[size];
        }
        Arrays.fill(values, 0);
    }

    void put(long key, int value) {
        int at = slot(key);
        keys[at] = key;
        values[at] = value + 1;
    }

    int get(long key) {
        return values[slot(key)] - 1;
    }

    private int slot(long key) {
        int mask = keys.length - 1;
        int at = Clients.hash(key) & mask;
        while (values[at] != 0 && keys[at] != key) {
            at = at + 1 & mask;
        }
        return at;
    }
}
