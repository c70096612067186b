package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import java.math.BigInteger;

/**
 * A counter that only grows.
 *
 * <p>A replica that nobody judges keeps one running total, so a delta is one small cell and merging costs the same with one replica
 * or a thousand. A judged replica writes each amount as a cell of its own, so that refusing one changes no other. Sums are exact
 * beyond 64 bits. Source: docs/decisions/0003-counters-under-a-judge.md.
 */
public final class GCounter extends ReplicatedObject {

    GCounter(ObjectStore store, ObjectKey key) {
        super(store, key);
    }

    /** A counter of its own, written as {@code replica}. */
    public static GCounter standalone(ReplicaId replica) {
        return new GCounter(Standalone.store(replica), ObjectKey.root(ObjectType.GCOUNTER, ""));
    }

    /** Adds 1. O(1) */
    public Delta increment() {
        return CounterWrites.add(this, 1);
    }

    /**
     * Adds {@code amount}, which is at least 1. O(1)
     *
     * @throws IllegalArgumentException if it is less
     * @throws ArithmeticException if all that this replica ever added leaves 63 bits
     */
    public Delta increment(long amount) {
        if (amount < 1) {
            throw new IllegalArgumentException("increment of " + amount);
        }
        return CounterWrites.add(this, amount);
    }

    /**
     * The sum. O(1)
     *
     * @throws ArithmeticException if it does not fit 64 bits; {@link #exactValue} always does
     */
    public long value() {
        return existing() instanceof CounterView view ? view.longValue() : 0;
    }

    /** The sum, however large. O(1) */
    public BigInteger exactValue() {
        return existing() instanceof CounterView view ? view.value() : BigInteger.ZERO;
    }
}
