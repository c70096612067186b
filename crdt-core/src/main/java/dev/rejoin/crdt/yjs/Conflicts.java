package dev.rejoin.crdt.yjs;

import java.util.Arrays;

/**
 * The items that were passed while looking for the place of a new one, and which of them were passed since the place last moved. Open
 * addressing with stamps instead of clearing.
 */
final class Conflicts {
    private int[] keys = new int[16];
    private int[] stamps = new int[16];
    private int[] rounds = new int[16];
    private int stamp;
    private int round;
    private int count;

    void clear() {
        count = 0;
        round = 0;
        if (++stamp == 0) {
            Arrays.fill(stamps, 0);
            stamp = 1;
        }
    }

    /** The place has moved: what was passed so far is settled. */
    void settle() {
        round++;
    }

    void add(int item) {
        if (2 * ++count > keys.length) {
            grow();
        }
        put(item, round);
    }

    private void put(int item, int itemRound) {
        int at = slot(item);
        keys[at] = item;
        stamps[at] = stamp;
        rounds[at] = itemRound;
    }

    boolean seen(int item) {
        return stamps[slot(item)] == stamp;
    }

    /** Whether a seen item was passed since the place last moved. */
    boolean open(int item) {
        return rounds[slot(item)] == round;
    }

    private int slot(int item) {
        int mask = keys.length - 1;
        int at = item * 0x9E3779B9 >>> 8 & mask;
        while (stamps[at] == stamp && keys[at] != item) {
            at = at + 1 & mask;
        }
        return at;
    }

    private void grow() {
        int[] oldKeys = keys;
        int[] oldStamps = stamps;
        int[] oldRounds = rounds;
        int size = 2 * oldKeys.length;
        keys = new int[size];
        stamps = new int[size];
        rounds = new int[size];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldStamps[i] == stamp) {
                put(oldKeys[i], oldRounds[i]);
            }
        }
    }
}
