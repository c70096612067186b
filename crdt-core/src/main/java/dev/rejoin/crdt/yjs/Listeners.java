package dev.rejoin.crdt.yjs;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Listeners in the order in which they came. */
final class Listeners<L> {
    private List<L> all = List.of();

    boolean isEmpty() {
        return all.isEmpty();
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
        all = more;
        return () -> {
            List<L> fewer = new ArrayList<>(all);
            fewer.remove(listener);
            all = fewer;
        };
    }

    void clear() {
        all = List.of();
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
