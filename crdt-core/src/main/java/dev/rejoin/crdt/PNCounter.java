package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import java.math.BigInteger;

/**
 * A counter that goes up and down and can be reset.
 *
 * <p>A replica that nobody judges keeps one running total, so a delta is one small cell and merging costs the same with one replica
 * or a thousand. A judged replica writes each amount as a cell of its own, so that refusing one changes no other. Sums are exact
 * beyond 64 bits. Source: docs/decisions/0003-counters-under-a-judge.md.
 */
public final class PNCounter extends ReplicatedObject {

    PNCounter(ObjectStore store, ObjectKey key) {
        super(store, key);
    }

    /** A counter of its own, written as {@code replica}. */
    public static PNCounter standalone(ReplicaId replica) {
        return new PNCounter(Standalone.store(replica), ObjectKey.root(ObjectType.PNCOUNTER, ""));
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

    /** Subtracts 1. O(1) */
    public Delta decrement() {
        return add(-1);
    }

    /**
     * Subtracts {@code amount}, which is at least 1. O(1)
     *
     * @throws IllegalArgumentException if it is less
     */
    public Delta decrement(long amount) {
        if (amount < 1) {
            throw new IllegalArgumentException("decrement of " + amount);
        }
        return add(-amount);
    }

    /**
     * Adds {@code amount}, negative or positive; 0 does nothing. O(1)
     *
     * @throws ArithmeticException if all that this replica ever added or subtracted leaves 63 bits
     */
    public Delta add(long amount) {
        if (amount == Long.MIN_VALUE) {
            throw new ArithmeticException("amount beyond 63 bits");
        }
        return amount == 0 ? Delta.EMPTY : CounterWrites.add(this, amount);
    }

    /**
     * Takes back all increments and decrements that this replica has observed: those concurrent with the reset survive, the
     * observed ones never return. O(cells)
     */
    public Delta reset() {
        return mutate(Mutation.Op.RESET, Values.NULL, () -> CounterWrites.reset(store, (CounterView) view()));
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
