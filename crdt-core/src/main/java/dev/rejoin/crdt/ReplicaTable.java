package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.Arrays;
import java.util.HashMap;

/** The numbered replicas of a link, and the highest counter of each that was named on it. */
final class ReplicaTable {

    private ReplicaId[] replicas = new ReplicaId[2];
    private long[] highest = new long[2];
    private int size;
    private final HashMap<ReplicaId, Integer> index = new HashMap<>();

    int size() {
        return size;
    }

    ReplicaId get(int i) {
        return replicas[i];
    }

    long highest(int i) {
        return highest[i];
    }

    void seen(int i, long counter) {
        highest[i] = Math.max(highest[i], counter);
    }

    /** Returns the number of {@code replica}, or −1 if it is not defined. */
    int indexOf(ReplicaId replica) {
        Integer i = index.get(replica);
        return i == null ? -1 : i;
    }

    void add(ReplicaId replica) {
        if (size == replicas.length) {
            replicas = Arrays.copyOf(replicas, 2 * size);
            highest = Arrays.copyOf(highest, 2 * size);
        }
        replicas[size] = replica;
        index.put(replica, size++);
    }
}
