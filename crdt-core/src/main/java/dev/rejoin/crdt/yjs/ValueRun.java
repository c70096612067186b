package dev.rejoin.crdt.yjs;

import java.util.Arrays;

/**
 * The values of an array item: a stretch of a list that only grows. Neighbouring items share one list, so that appending a value to an
 * array costs O(1) and splitting an item nothing.
 */
final class ValueRun {
    /** The list behind some runs. Slots below {@code used} never change. */
    private static final class Backing {
        volatile Object[] values;
        int used;

        Backing(Object[] values, int used) {
            this.values = values;
            this.used = used;
        }
    }

    private final Backing backing;
    private final int from;

    private ValueRun(Backing backing, int from) {
        this.backing = backing;
        this.from = from;
    }

    /** Takes the array over. */
    static ValueRun of(Object[] values) {
        return new ValueRun(new Backing(values, values.length), 0);
    }

    Object get(int index) {
        return backing.values[from + index];
    }

    ValueRun from(int offset) {
        return offset == 0 ? this : new ValueRun(backing, from + offset);
    }

    Object[] copy(int offset, int length) {
        return Arrays.copyOfRange(backing.values, from + offset, from + offset + length);
    }

    /** The first {@code length} values of this followed by {@code more} of another. Amortised O(more) */
    ValueRun join(int length, ValueRun other, int more) {
        int end = from + length;
        if (other.backing == backing && other.from == end) {
            return this;
        }
        if (end != backing.used) {
            Object[] values = Arrays.copyOf(copy(0, length), length + more);
            System.arraycopy(other.backing.values, other.from, values, length, more);
            return of(values);
        }
        Object[] values = backing.values;
        if (end + more > values.length) {
            values = Arrays.copyOf(values, Math.max(end + more, end + (end >> 1) + 4));
        }
        System.arraycopy(other.backing.values, other.from, values, end, more);
        backing.values = values;
        backing.used = end + more;
        return this;
    }
}
