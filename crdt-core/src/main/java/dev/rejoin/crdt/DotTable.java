package dev.rejoin.crdt;

import java.util.Arrays;

/** The cells of an object that has few of them or whose payloads are not looked up: packed dots, each hidden or not. */
final class DotTable {
    private static final long HIDDEN = Long.MIN_VALUE;
    private static final int LINEAR = 8;

    /** Below {@link #LINEAR} dots a plain list, above an open-addressing table in which 0 is free. */
    private long[] slots = new long[1];

    private int size;
    private boolean hashed;
    private int hint;

    int size() {
        return size;
    }

    private static int home(long dot, int mask) {
        // the replica stands in the high bits, from where a product alone would not carry it down
        long mixed = (dot ^ dot >>> 32) * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32) & mask;
    }

    void add(long dot) {
        if (!hashed) {
            if (size < LINEAR) {
                if (size == slots.length) {
                    slots = Arrays.copyOf(slots, Math.min(LINEAR, size * 2));
                }
                slots[size++] = dot;
                return;
            }
            rehash(LINEAR * 4);
            hashed = true;
        } else if (size * 3 >= slots.length * 2) {
            rehash(slots.length * 2);
        }
        insert(dot);
        size++;
    }

    private void rehash(int capacity) {
        long[] old = slots;
        slots = new long[capacity];
        for (long dot : old) {
            if (dot != 0) {
                insert(dot);
            }
        }
    }

    private void insert(long dot) {
        int mask = slots.length - 1;
        int at = home(dot & ~HIDDEN, mask);
        while (slots[at] != 0) {
            at = at + 1 & mask;
        }
        slots[at] = dot;
    }

    private int find(long dot) {
        if (!hashed) {
            for (int i = 0; i < size; i++) {
                if ((slots[i] & ~HIDDEN) == dot) {
                    return i;
                }
            }
            throw new IllegalStateException("no such cell: " + dot);
        }
        int mask = slots.length - 1;
        int at = home(dot, mask);
        while ((slots[at] & ~HIDDEN) != dot) {
            if (slots[at] == 0) {
                throw new IllegalStateException("no such cell: " + dot);
            }
            at = at + 1 & mask;
        }
        return at;
    }

    boolean contains(long dot) {
        if (!hashed) {
            for (int i = 0; i < size; i++) {
                if ((slots[i] & ~HIDDEN) == dot) {
                    return true;
                }
            }
            return false;
        }
        int mask = slots.length - 1;
        int at = home(dot, mask);
        while (slots[at] != 0 && (slots[at] & ~HIDDEN) != dot) {
            at = at + 1 & mask;
        }
        return slots[at] != 0;
    }

    /**
     * Some dot, a hidden one with its sign bit set; 0 if the table is empty. Takes up where the last call has found one, so that
     * taking out all dots in this way looks at each place about once.
     */
    long any() {
        int end = hashed ? slots.length : size;
        for (int i = 0; i < end; i++) {
            int at = (hint + i) % end;
            if (slots[at] != 0) {
                hint = at;
                return slots[at];
            }
        }
        return 0;
    }

    void remove(long dot) {
        int at = find(dot);
        size--;
        if (!hashed) {
            slots[at] = slots[size];
            slots[size] = 0;
            return;
        }
        int mask = slots.length - 1;
        int hole = at;
        for (int next = at + 1 & mask; slots[next] != 0; next = next + 1 & mask) {
            int home = home(slots[next] & ~HIDDEN, mask);
            if ((next - home & mask) >= (next - hole & mask)) {
                slots[hole] = slots[next];
                hole = next;
            }
        }
        slots[hole] = 0;
        if (size <= LINEAR / 2) {
            long[] few = new long[LINEAR];
            int filled = 0;
            for (long slot : slots) {
                if (slot != 0) {
                    few[filled++] = slot;
                }
            }
            slots = few;
            hashed = false;
        }
    }

    /** Puts a visible dot in the place of another. */
    void replace(long old, long dot) {
        if (hashed) {
            remove(old);
            add(dot);
        } else {
            slots[find(old)] = dot;
        }
    }

    void setHidden(long dot, boolean hidden) {
        slots[find(dot)] = hidden ? dot | HIDDEN : dot;
    }

    /** All dots, hidden ones with their sign bit set; callers may change the store while they walk the copy. */
    long[] toArray() {
        long[] dots = new long[size];
        int filled = 0;
        int end = hashed ? slots.length : size;
        for (int i = 0; i < end; i++) {
            if (slots[i] != 0) {
                dots[filled++] = slots[i];
            }
        }
        return dots;
    }
}
