package dev.rejoin.crdt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How sets, and flags as sets of one element, are written. */
final class SetWrites {
    private SetWrites() {}

    static void add(ObjectStore store, SetView view, Object value) {
        int sole = view.soleAddition(value);
        if (sole >= 0) {
            store.replaceSole(view, sole, value);
            return;
        }
        if (sole == SetView.NOWHERE) {
            store.writeFirst(view, value);
            return;
        }
        long[] before = view.dotsOf(value);
        store.write(view, value);
        for (long dot : before) {
            store.erase(dot);
        }
    }

    /** {@link #add} as a transaction of its own, or null where that takes a transaction to hold it. */
    static @Nullable Delta addAlone(ObjectStore store, SetView view, Object value) {
        int sole = view.soleAddition(value);
        return sole >= 0
                ? store.replaceSoleAlone(view, sole, value)
                : sole == SetView.NOWHERE ? store.writeFirstAlone(view, value) : null;
    }

    /** {@link #remove} of an add-wins set as a transaction of its own, or null where that takes a transaction to hold it. */
    static @Nullable Delta removeAlone(ObjectStore store, SetView view, Object value) {
        int sole = view.soleAddition(value);
        return sole >= 0 ? store.eraseSoleAlone(view, sole, value) : sole == SetView.NOWHERE ? Delta.EMPTY : null;
    }

    static void remove(ObjectStore store, SetView view, Object value, boolean removeWins) {
        if (!removeWins) {
            int sole = view.soleAddition(value);
            if (sole >= 0) {
                store.eraseSole(view, sole);
            }
            if (sole >= 0 || sole == SetView.NOWHERE) {
                return;
            }
        }
        long[] before = view.dotsOf(value);
        if (removeWins) {
            store.write(view, new Absent(value));
        }
        for (long dot : before) {
            store.erase(dot);
        }
    }

    /**
     * Removes all elements that have an addition, shown or not. Where all additions are pending they are removed without a removal
     * that wins: it would outlive them if they were refused, and keep out what others add meanwhile.
     */
    static void clearRemoveWins(ObjectStore store, SetView view) {
        Map<Object, List<Long>> additions = new LinkedHashMap<>();
        for (long dot : store.inDotOrder(view.knownDots())) {
            Object payload = store.payload(dot);
            if (!(payload instanceof Absent)) {
                additions.computeIfAbsent(payload, element -> new ArrayList<>()).add(dot);
            }
        }
        additions.forEach((element, dots) -> {
            boolean confirmed = !store.isJudged();
            for (long dot : dots) {
                confirmed |= !store.isPendingDot(dot);
            }
            if (confirmed) {
                remove(store, view, element, true);
            } else {
                dots.forEach(store::erase);
            }
        });
    }
}
