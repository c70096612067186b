package dev.rejoin.crdt;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A register: all concurrent writes, arbitrated when read.
 *
 * <p>Keeping one winner at merge time ("causally newer, else later stamp") is not associative; keeping all concurrent
 * writes and choosing on reading is.
 */
final class RegisterView extends View {
    private final DotTable dots = new DotTable();

    RegisterView(ObjectStore store, ObjectKey key, int index, @Nullable View parent) {
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
    void replace(long old, Object oldPayload, long dot, Object payload) {
        dots.replace(old, dot);
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

    /** The highest stamp among all cells, hidden ones included; 0 if there is none. */
    long highestStamp() {
        long highest = 0;
        for (long dot : dots.toArray()) {
            if (store.payload(dot & Long.MAX_VALUE) instanceof Stamped stamped) {
                highest = Math.max(highest, stamped.hlc());
            }
        }
        return highest;
    }

    /** The visible values: for a last-writer-wins register the winner first, otherwise in dot order. */
    List<Object> values() {
        long[] visible = store.visibleInDotOrder(dots.toArray());
        List<Object> values = new ArrayList<>(visible.length);
        int winner = -1;
        long best = -1;
        for (int i = 0; i < visible.length; i++) {
            Object payload = store.payload(visible[i]);
            if (payload instanceof Stamped stamped) {
                values.add(stamped.value());
                // ties go to the higher dot, which comes later in dot order
                if (stamped.hlc() >= best) {
                    best = stamped.hlc();
                    winner = i;
                }
            } else {
                values.add(payload);
            }
        }
        if (winner > 0) {
            values.add(0, values.remove(winner));
        }
        return values;
    }

    @Override
    Object value() {
        return List.copyOf(values());
    }
}
