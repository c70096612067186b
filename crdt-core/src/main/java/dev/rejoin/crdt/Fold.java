package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.ReplicaId;

/**
 * The payload of a tally written by another replica, which has folded the owner's amounts.
 *
 * @param owner whose contributions these are
 * @param upto the owner's highest dot that is contained
 * @param p everything the owner had added up to there
 * @param n everything the owner had subtracted up to there
 */
public record Fold(ReplicaId owner, long upto, long p, long n) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if {@code upto} is not a counter or a total is negative
     */
    public Fold {
        if (upto < 1 || upto > Dot.MAX_COUNTER || p < 0 || n < 0) {
            throw new IllegalArgumentException("not totals up to a dot: " + upto + ", " + p + ", " + n);
        }
    }
}
