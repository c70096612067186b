package dev.rejoin.crdt;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The read model of one object, kept up to date cell by cell.
 *
 * <p>A cell is <em>visible</em> unless a pending transaction hides it. Every view can list its cells, hidden ones included,
 * because the removals of a pending write are computed over all of them.
 *
 * <p>Cells of a kind that this version does not know may be in an object of any type. They are kept apart here, take part in
 * removals, and are never seen by the types.
 */
abstract class View {
    /** The number of a view that the store has given up. */
    static final int FORGOTTEN = -2;

    final ObjectStore store;
    final ObjectKey key;

    /** Its number in the store, or {@link #FORGOTTEN}. */
    int index;

    final @Nullable View parent;

    /** Visible cells of this object that make its name appear among its parent's keys. */
    private int presentCells;

    /** How many of this object itself and its children are present. */
    private int presentParts;

    /** Cells of kinds that are unknown here, in an object whose type is known. */
    private @Nullable DotTable opaque;

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
    final void put(long dot, Object payload) {
        if (isApart(payload)) {
            if (opaque == null) {
                opaque = new DotTable();
            }
            opaque.add(dot);
        } else {
            add(dot, payload);
        }
    }

    /** A cell is about to leave the store. */
    final void take(long dot, Object payload, boolean hidden) {
        if (opaque != null && isApart(payload)) {
            opaque.remove(dot);
        } else {
            remove(dot, payload, hidden);
        }
    }

    /** A visible cell of a known kind takes the place of another, which is about to leave the store. */
    final void exchange(long old, Object oldPayload, long dot, Object payload) {
        if (isApart(oldPayload)) {
            add(dot, payload);
            take(old, oldPayload, false);
        } else {
            replace(old, oldPayload, dot, payload);
        }
    }

    /** A pending transaction hides a visible cell, or lets go of a hidden one. */
    final void hide(long dot, Object payload, boolean hidden) {
        if (opaque != null && isApart(payload)) {
            opaque.setHidden(dot, hidden);
        } else {
            setHidden(dot, payload, hidden);
        }
    }

    final int cellCount() {
        return knownCells() + (opaque == null ? 0 : opaque.size());
    }

    /** A copy of all dots; hidden ones have their sign bit set. */
    final long[] dots() {
        long[] known = knownDots();
        if (opaque == null || opaque.size() == 0) {
            return known;
        }
        long[] all = Arrays.copyOf(known, known.length + opaque.size());
        System.arraycopy(opaque.toArray(), 0, all, known.length, opaque.size());
        return all;
    }

    private boolean isApart(Object payload) {
        return payload instanceof Opaque && key.type() != null;
    }

    abstract void add(long dot, Object payload);

    abstract void remove(long dot, Object payload, boolean hidden);

    void replace(long old, Object oldPayload, long dot, Object payload) {
        add(dot, payload);
        remove(old, oldPayload, false);
    }

    abstract void setHidden(long dot, Object payload, boolean hidden);

    /** How many cells the type knows of. */
    abstract int knownCells();

    /** Their dots; hidden ones have their sign bit set. */
    abstract long[] knownDots();

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
