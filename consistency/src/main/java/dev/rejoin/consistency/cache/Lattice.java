package dev.rejoin.consistency.cache;

import dev.rejoin.crdt.Delta;

/**
 * How two values become one that knows what either knows: associative, commutative, idempotent, and without changing its arguments. With it a
 * cache entry is a replica, and what comes late, twice or in another order does no harm.
 */
@FunctionalInterface
public interface Lattice<V> {
    /** The least upper bound of both. */
    V join(V held, V news);

    /** States and deltas of the types of {@code crdt-core}. */
    static Lattice<Delta> deltas() {
        return Delta::join;
    }
}
