package dev.rejoin.crdt;

import org.jspecify.annotations.Nullable;

/** An object of a type this version does not know: its cells are kept, merged and relayed untouched. */
final class PlainView extends View {
    private final DotTable dots = new DotTable();

    PlainView(ObjectStore store, ObjectKey key, int index, @Nullable View parent) {
        super(store, key, index, parent);
    }

    @Override
    void add(long dot, Object payload) {
        dots.add(dot);
        countPresent(1);
    }

    @Override
    void remove(long dot, Object payload, boolean hidden) {
        dots.remove(dot);
        if (!hidden) {
            countPresent(-1);
        }
    }

    @Override
    void setHidden(long dot, Object payload, boolean hidden) {
        dots.setHidden(dot, hidden);
        countPresent(hidden ? -1 : 1);
    }

    @Override
    int knownCells() {
        return dots.size();
    }

    @Override
    long[] knownDots() {
        return dots.toArray();
    }

    @Override
    Object value() {
        return knownCells();
    }
}
