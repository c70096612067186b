package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;
import java.util.Arrays;

/** Counts a store again from its cells alone, and holds what it keeps up to date on the way against that. */
final class StoreCheck {
    private StoreCheck() {}

    /** Throws an {@link IllegalStateException} that names the first difference. */
    static void recount(ObjectStore store, ReplicaDirectory replicas, ObjectDirectory objects, int liveCells) {
        long[] cells = new long[objects.count()];
        for (int r = 0; r < replicas.count(); r++) {
            ReplicaCells own = replicas.get(r);
            for (long counter = own.floor(Dot.MAX_COUNTER); counter > 0; counter = own.floor(counter - 1)) {
                require(own.context.contains(counter) || store.isPendingDot(PackedDot.of(r, counter)), "unknown dot");
                cells[own.object(counter)]++;
            }
        }
        ObjectStore recounted = store.freeze().thaw();
        for (int i = 0; i < cells.length; i++) {
            View view = objects.at(i);
            if (view == null) {
                require(cells[i] == 0, "cells of a forgotten object");
                continue;
            }
            require(view.index == i && objects.existing(view.key) == view, "number of " + view.key);
            require(view.cellCount() == cells[i] && view.dots().length == cells[i], "cells of " + view.key);
            View other = recounted.view(view.key);
            require(view.value().equals(other.value()), "value of " + view.key);
            require(view.isPresent() == other.isPresent(), "presence of " + view.key);
            if (view instanceof SetView set) {
                require(set.size() == set.elements().size(), "size of " + view.key);
            }
        }
        require(recounted.state().equals(store.state()), "state");
        require(Arrays.stream(cells).sum() == liveCells, "number of cells");
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("invariant broken: " + what);
        }
    }
}
