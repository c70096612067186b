package dev.rejoin.crdt;

import org.jspecify.annotations.Nullable;

/**
 * The read model of one object, kept up to date cell by cell.
 *
 * <p>A cell is <em>visible</em> unless a pending transaction hides it. Every view can list its cells, hidden ones included,
 * because the removals of a pending write are computed over all of them.
 */
abstract class View {
    final ObjectStore store;
    final ObjectKey key;
    final int index;
    final @Nullable View parent;

    /** Visible cells of this object that make its name appear among its parent's keys. */
    private int presentCells;

    /** How many of this object itself and its children are present. */
    private int presentParts;

    View(ObjectStore store, ObjectKey key, int index, @Nullable View parent) {
        this.store = store;
        this.key = key;
        this.index = index;
        this.parent = parent;
    }

    static View of(ObjectStore store, ObjectKey key, int index, @Nullable View parent) {
        ObjectType type = key.type();
        if (type == null) {
            return new PlainView(store, key, index, parent);
        }
        return switch (type) {
            case GCOUNTER, PNCOUNTER -> new CounterView(store, key, index, parent);
            case LWW_REGISTER, MV_REGISTER -> new RegisterView(store, key, index, parent);
            case OR_SET, RW_SET, FLAG, DW_FLAG -> new SetView(store, key, index, parent);
            case MAP -> new MapView(store, key, index, parent);
        };
    }

    /** A cell of this object has come to life; its payload is already in the store. */
    abstract void add(long dot, Object payload);

    /** A cell is about to leave the store. */
    abstract void remove(long dot, Object payload, boolean hidden);

    /** A visible cell takes the place of another, which is about to leave the store. */
    void replace(long old, Object oldPayload, long dot, Object payload) {
        add(dot, payload);
        remove(old, oldPayload, false);
    }

    /** A pending transaction hides a visible cell, or lets go of a hidden one. */
    abstract void setHidden(long dot, Object payload, boolean hidden);

    abstract int cellCount();

    /** A copy of all dots; hidden ones have their sign bit set. */
    abstract long[] dots();

    /** The net value for change events: immutable, compared by {@code equals}. */
    abstract Object value();

    final boolean isPresent() {
        return presentParts > 0;
    }

    final void countPresent(int change) {
        boolean before = presentCells > 0;
        presentCells += change;
        if (before != presentCells > 0) {
            countPart(change > 0 ? 1 : -1);
        }
    }

    private void countPart(int change) {
        boolean before = presentParts > 0;
        presentParts += change;
        if (parent != null && before != presentParts > 0) {
            parent.countPart(change);
        }
    }
}
