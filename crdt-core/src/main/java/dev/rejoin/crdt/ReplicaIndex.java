package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;

/** Gives each replica id a small number, in order of first sight. Open addressing over the 64 random bits of the ids. */
final class ReplicaIndex {
    private ReplicaId[] ids = new ReplicaId[4];
    private int count;
    private int[] slots = new int[8];

    private int home(long bits) {
        long mixed = bits * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 33) & slots.length - 1;
    }

    /** The number of an id, or −1. */
    int find(ReplicaId id) {
        if (id == ids[0]) {
            return 0;
        }
        long bits = id.bits();
        int at = home(bits);
        while (slots[at] != 0) {
            int index = slots[at] - 1;
            if (ids[index].bits() == bits) {
                return index;
            }
            at = at + 1 & slots.length - 1;
        }
        return -1;
    }

    /** The id with this number. */
    ReplicaId get(int index) {
        return ids[index];
    }

    /** Numbers an id that {@link #find} does not know. */
    int add(ReplicaId id) {
        if (count == ids.length) {
            ids = java.util.Arrays.copyOf(ids, count * 2);
        }
        if (count * 2 >= slots.length) {
            slots = new int[slots.length * 2];
            for (int i = 0; i < count; i++) {
                insert(i);
            }
        }
        ids[count] = id;
        insert(count);
        return count++;
    }

    private void insert(int index) {
        int at = home(ids[index].bits());
        while (slots[at] != 0) {
            at = at + 1 & slots.length - 1;
        }
        slots[at] = index + 1;
    }
}
