package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.List;

/**
 * The payload of a reset: what each owner had contributed to the counter when it was reset.
 *
 * @param entries at least one, strictly ascending by owner
 */
public record Baseline(List<Entry> entries) {

    /**
     * Checks the entries.
     *
     * @throws IllegalArgumentException if there are none, or they are not strictly ascending by owner
     */
    public Baseline {
        entries = List.copyOf(entries);
        if (entries.isEmpty() || !ascending(entries)) {
            throw new IllegalArgumentException("entries not strictly ascending by owner: " + entries);
        }
    }

    private static boolean ascending(List<Entry> entries) {
        for (int i = 1; i < entries.size(); i++) {
            if (entries.get(i - 1).owner().compareTo(entries.get(i).owner()) >= 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * What one owner had contributed.
     *
     * @param upto the owner's highest dot of which a contribution was observed
     * @param p everything the owner had added up to there
     * @param n everything the owner had subtracted up to there
     */
    public record Entry(ReplicaId owner, long upto, long p, long n) {
        /**
         * Checks the numbers.
         *
         * @throws IllegalArgumentException if {@code upto} is not a counter or a total is negative
         */
        public Entry {
            if (upto < 1 || upto > Dot.MAX_COUNTER || p < 0 || n < 0) {
                throw new IllegalArgumentException("not totals up to a dot: " + upto + ", " + p + ", " + n);
            }
        }
    }
}
