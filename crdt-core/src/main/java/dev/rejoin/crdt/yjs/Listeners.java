package dev.rejoin.crdt.yjs;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Listeners in the order in which they came. */
final class Listeners<L> {
    private List<L> all = List.of();

    /** How many are in the list: asked at each keystroke. */
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    /** Those who are listening now; immutable. */
    List<L> now() {
        return all;
    }

    boolean contains(L listener) {
        return all.contains(listener);
    }

    YSubscription add(L listener) {
        List<L> more = new ArrayList<>(all);
        more.add(listener);
        set(more);
        return () -> {
            List<L> fewer = new ArrayList<>(all);
            fewer.remove(listener);
            set(fewer);
        };
    }

    void clear() {
        set(List.of());
    }

    private void set(List<L> listeners) {
        all = listeners;
        count = listeners.size();
    }

    /** Calls those who are listening now, all of them, whatever some throw. */
    void tell(Consumer<L> call, Failures failures) {
        List<L> now = all;
        for (int i = 0; i < now.size(); i++) {
            try {
                call.accept(now.get(i));
            } catch (RuntimeException | AssertionError failure) {
                failures.add(failure);
            }
        }
    }
}
