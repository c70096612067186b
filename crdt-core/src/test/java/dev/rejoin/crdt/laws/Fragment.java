package dev.rejoin.crdt.laws;

import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A state or delta as the paper writes it: a set of dots and the cells of those that are live. Everything is by
 * definition and nothing is fast; the engine is measured against this.
 */
final class Fragment {
    final TreeSet<At> context = new TreeSet<>();
    final TreeMap<At, TwinCell> cells = new TreeMap<>();

    static Fragment of(Fragment other) {
        Fragment copy = new Fragment();
        copy.context.addAll(other.context);
        copy.cells.putAll(other.cells);
        return copy;
    }

    static Fragment decode(byte[] bytes) {
        return TwinCodec.decode(bytes);
    }

    /** The dots of a refused transaction: known, and holding nothing. */
    static Fragment voided(long replica, long first, long last) {
        Fragment fragment = new Fragment();
        for (long n = first; n <= last; n++) {
            fragment.context.add(new At(replica, n));
        }
        return fragment;
    }

    Fragment dead(At dot) {
        context.add(dot);
        cells.remove(dot);
        return this;
    }

    Fragment live(At dot, TwinCell cell) {
        context.add(dot);
        cells.put(dot, cell);
        return this;
    }

    /** One dot, two contents: two histories of one replica id. */
    static final class Fork extends IllegalStateException {
        private static final long serialVersionUID = 1;

        Fork(At dot) {
            super("two contents at " + dot);
        }
    }

    /** A cell is in the join if both hold it, or one holds it and the other has never heard of its dot. */
    static Fragment join(Fragment a, Fragment b) {
        for (Map.Entry<At, TwinCell> e : a.cells.entrySet()) {
            TwinCell other = b.cells.get(e.getKey());
            if (other != null && !other.equals(e.getValue())) {
                throw new Fork(e.getKey());
            }
        }
        Fragment joined = new Fragment();
        joined.context.addAll(a.context);
        joined.context.addAll(b.context);
        for (Map.Entry<At, TwinCell> e : a.cells.entrySet()) {
            if (b.cells.containsKey(e.getKey()) || !b.context.contains(e.getKey())) {
                joined.cells.put(e.getKey(), e.getValue());
            }
        }
        for (Map.Entry<At, TwinCell> e : b.cells.entrySet()) {
            if (a.cells.containsKey(e.getKey()) || !a.context.contains(e.getKey())) {
                joined.cells.put(e.getKey(), e.getValue());
            }
        }
        return joined;
    }

    byte[] encode() {
        return TwinCodec.encode(this);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Fragment that && context.equals(that.context) && cells.equals(that.cells);
    }

    @Override
    public int hashCode() {
        return context.hashCode() * 31 + cells.hashCode();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (At dot : context) {
            TwinCell cell = cells.get(dot);
            text.append(dot)
                    .append(cell == null ? " -" : " " + cell.object() + " " + cell.payload())
                    .append('\n');
        }
        return text.toString();
    }
}
