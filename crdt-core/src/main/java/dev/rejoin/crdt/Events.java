package dev.rejoin.crdt;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What listeners of a store are told: which values each step has changed, step by step, in order. While nobody listens, nothing is kept.
 *
 * <p>Of an object that is about to change its value before is kept, once a step; of a set which elements came and went, so that an event
 * costs what changed and not the size of the set. When the step is over, what is the same as before is left out.
 */
final class Events {
    private final ArrayList<Consumer<CommitEvent>> listeners = new ArrayList<>();
    private @Nullable Map<View, Object> touched;
    private final ArrayDeque<Announcement> deliveries = new ArrayDeque<>(1);
    private @Nullable Announcement reserved;
    private boolean delivering;
    private @Nullable Consumer<RuntimeException> listenerFailures;

    /** An event on its way to listeners. */
    private static final class Announcement implements Consumer<byte[]> {
        final CommitEvent.Kind kind;
        final @Nullable Object origin;
        List<Change> changes;
        byte @Nullable [] content;
        boolean complete;

        Announcement(CommitEvent.Kind kind, @Nullable Object origin, List<Change> changes, boolean complete) {
            this.kind = kind;
            this.origin = origin;
            this.changes = changes;
            this.complete = complete;
        }

        @Override
        public void accept(byte[] update) {
            content = update.length == 0 ? null : update;
            complete = true;
        }

        boolean isEmpty() {
            return changes.isEmpty() && content == null;
        }
    }

    Subscription subscribe(Consumer<CommitEvent> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    void onListenerFailure(Consumer<RuntimeException> handler) {
        listenerFailures = handler;
    }

    /** Whether a step would be told to anybody. */
    boolean areHeard() {
        return !listeners.isEmpty() || reserved != null;
    }

    /** An object is about to change. */
    void touch(View view) {
        if (listeners.isEmpty()) {
            return;
        }
        if (touched == null) {
            touched = new LinkedHashMap<>();
        }
        if (!touched.containsKey(view)) {
            touched.put(view, view instanceof SetView ? new HashMap<Object, Boolean>() : view.value());
        }
    }

    /** An element of a set that was touched came or went. */
    @SuppressWarnings("unchecked")
    void elementChanged(SetView view, Object element, boolean present) {
        if (touched != null && touched.get(view) instanceof Map<?, ?> before) {
            ((Map<Object, Boolean>) before).putIfAbsent(element, !present);
        }
    }

    /** The step has been taken back: what it touched is as before. */
    void forgetTouched() {
        touched = null;
    }

    /** Reserves the place of the next step among the events; null if nobody listens. */
    @Nullable
    Consumer<byte[]> reserve(CommitEvent.Kind kind, @Nullable Object origin) {
        if (listeners.isEmpty()) {
            return null;
        }
        reserved = new Announcement(kind, origin, List.of(), false);
        deliveries.add(reserved);
        return reserved;
    }

    /** The step turned out to change nothing here; what was reserved for it goes without changes. */
    void nothingHappened() {
        touched = null;
        reserved = null;
    }

    /** The step is over: its event takes the place that was reserved for it, or is told at once. */
    void announce(CommitEvent.Kind kind, @Nullable Object origin) {
        Announcement place = reserved;
        reserved = null;
        Map<View, Object> all = touched;
        touched = null;
        if (all == null) {
            return;
        }
        List<Change> changes = new ArrayList<>();
        all.forEach((view, before) -> {
            Change change = change(view, before);
            if (change != null) {
                changes.add(change);
            }
        });
        if (place != null) {
            place.changes = List.copyOf(changes);
        } else if (!changes.isEmpty()) {
            deliveries.add(new Announcement(kind, origin, List.copyOf(changes), true));
            tell();
        }
    }

    @SuppressWarnings("unchecked")
    private static @Nullable Change change(View view, Object before) {
        if (view instanceof SetView set) {
            List<Object> added = new ArrayList<>();
            List<Object> removed = new ArrayList<>();
            ((Map<?, ?>) before).forEach((element, wasPresent) -> {
                boolean isPresent = set.contains(element);
                if (isPresent != (Boolean) wasPresent) {
                    (isPresent ? added : removed).add(element);
                }
            });
            added.sort(Values::compare);
            removed.sort(Values::compare);
            return added.isEmpty() && removed.isEmpty()
                    ? null
                    : new Change.SetChange(view.key, List.copyOf(added), List.copyOf(removed));
        }
        Object after = view.value();
        if (after.equals(before)) {
            return null;
        }
        if (view instanceof CounterView counter) {
            return new Change.CounterChange(view.key, (BigInteger) before, counter.value());
        }
        if (view instanceof RegisterView register) {
            return new Change.RegisterChange(view.key, (List<Object>) before, register.values());
        }
        return null;
    }

    /**
     * Tells listeners of the events that are complete, in order, as far as the first that is not; a listener that writes adds to the queue, and its
     * event follows when this one is done with.
     */
    void tell() {
        if (delivering) {
            return;
        }
        delivering = true;
        RuntimeException failure = null;
        try {
            for (Announcement next = deliveries.peek(); next != null && next.complete; next = deliveries.peek()) {
                deliveries.remove();
                if (next.isEmpty()) {
                    continue;
                }
                CommitEvent event = new CommitEvent(next.kind, next.origin, next.changes, next.content);
                for (Consumer<CommitEvent> listener : List.copyOf(listeners)) {
                    try {
                        listener.accept(event);
                    } catch (RuntimeException thrown) {
                        if (listenerFailures != null) {
                            listenerFailures.accept(thrown);
                        } else if (failure == null) {
                            failure = thrown;
                        } else {
                            failure.addSuppressed(thrown);
                        }
                    }
                }
            }
        } finally {
            delivering = false;
        }
        if (failure != null) {
            throw failure;
        }
    }
}
