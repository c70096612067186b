package dev.rejoin.benchmarks;

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

    /** A fixed permutation of {@code 0 … count − 1}, so that no contender profits from walking memory in order. */
    static int[] shuffledIndices(int count) {
        int[] indices = new int[count];
        for (int i = 0; i < count; i++) {
            indices[i] = i;
        }
        long state = 0x2545F4914F6CDD1DL;
        for (int i = count - 1; i > 0; i--) {
            state ^= state << 13;
            state ^= state >>> 7;
            state ^= state << 17;
            int other = (int) Long.remainderUnsigned(state, i + 1);
            int swap = indices[i];
            indices[i] = indices[other];
            indices[other] = swap;
        }
        return indices;
    }
}
