package dev.rejoin.crdt;

/**
 * A dot of one store as a long: the replica's number in the store (19 bits) above its counter (44 bits). The sign bit is free for the views, which
 * mark hidden cells with it. Replica 0 is the store's own, so an own dot is its counter.
 */
final class PackedDot {
    static final int COUNTER_BITS = 44;
    static final long COUNTER_MASK = (1L << COUNTER_BITS) - 1;

    /** Replicas that can be numbered. */
    static final int MAX_REPLICAS = 1 << 19;

    private PackedDot() {}

    static long of(int replica, long counter) {
        return (long) replica << COUNTER_BITS | counter;
    }

    static long counter(long dot) {
        return dot & COUNTER_MASK;
    }

    static int replica(long dot) {
        return (int) (dot >>> COUNTER_BITS);
    }
}
