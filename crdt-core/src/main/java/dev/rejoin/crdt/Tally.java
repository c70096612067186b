package dev.rejoin.crdt;

/**
 * The payload that sums up all that the replica of its dot ever did to a counter, up to and including that dot.
 *
 * @param p everything added, not negative
 * @param n everything subtracted, not negative
 */
public record Tally(long p, long n) {
    /**
     * Checks the totals.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public Tally {
        if (p < 0 || n < 0) {
            throw new IllegalArgumentException("negative total: " + p + ", " + n);
        }
    }
}
