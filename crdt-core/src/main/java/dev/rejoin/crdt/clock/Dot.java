package dev.rejoin.crdt.clock;

/**
 * The name of one event: the {@code counter}-th event of {@code replica}. Ordered by replica, then by counter.
 *
 * @param replica who issued the event
 * @param counter 1 … {@link #MAX_COUNTER}
 */
public record Dot(ReplicaId replica, long counter) implements Comparable<Dot> {

    /** The highest counter that the format can carry: 2^44 − 1. */
    public static final long MAX_COUNTER = (1L << 44) - 1;

    /**
     * Checks the counter.
     *
     * @throws IllegalArgumentException if the counter is not within 1 … {@link #MAX_COUNTER}
     */
    public Dot {
        if (counter < 1 || counter > MAX_COUNTER) {
            throw new IllegalArgumentException("counter outside 1…2^44−1: " + counter);
        }
    }

    @Override
    public int compareTo(Dot other) {
        int order = replica.compareTo(other.replica);
        return order != 0 ? order : Long.compare(counter, other.counter);
    }

    /** Returns {@code replica:counter}. */
    @Override
    public String toString() {
        return replica + ":" + counter;
    }
}
