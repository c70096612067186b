package dev.rejoin.crdt;

/** Consecutive own dots, both ends included. */
public record DotRange(long first, long last) {
    /** @throws IllegalArgumentException unless 1 ≤ first ≤ last */
    public DotRange {
        if (first < 1 || last < first) {
            throw new IllegalArgumentException("not a range of dots: " + first + "…" + last);
        }
    }
}
