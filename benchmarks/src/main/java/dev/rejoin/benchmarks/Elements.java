package dev.rejoin.benchmarks;

import dev.rejoin.crdt.clock.ReplicaId;

/** The same strings for every contender: short, distinct, with cached hash codes. */
final class Elements {
    private Elements() {}

    static String[] distinct(int count) {
        return distinct("element-", count);
    }

    static String[] distinct(String prefix, int count) {
        String[] elements = new String[count];
        int hashes = 0;
        for (int i = 0; i < count; i++) {
            elements[i] = prefix + i;
            // computed once, so that no contender pays for it
            hashes ^= elements[i].hashCode();
        }
        assert count == 0 || hashes != 1 : "keeps the hash codes from being optimised away";
        return elements;
    }

    /** The same strings in a fixed random order. */
    static String[] shuffled(String[] elements) {
        long state = 0x2545F4914F6CDD1DL;
        for (int i = elements.length - 1; i > 0; i--) {
            state ^= state << 13;
            state ^= state >>> 7;
            state ^= state << 17;
            int other = (int) Long.remainderUnsigned(state, i + 1);
            String swap = elements[i];
            elements[i] = elements[other];
            elements[other] = swap;
        }
        return elements;
    }

    /** An id as spread as a random one, the same in every run. */
    static ReplicaId replica(int number) {
        return ReplicaId.of((number + 1) * 0x9E3779B97F4A7C15L);
    }
}
