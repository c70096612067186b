package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import dev.rejoin.crdt.clock.TimeSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Undoes and redoes what one has changed oneself in some types, and leaves what others have changed.
 *
 * <p>Transactions that come soon after each other are undone together. Undoing an insertion deletes it; undoing a deletion inserts a copy at the old
 * place, unless somebody else has put a value there. What may have to be brought back is not collected as garbage.
 */
public final class UndoManager implements AutoCloseable {
    /**
     * How to capture.
     *
     * @param captureMillis transactions closer than this are undone together
     * @param trackedOrigins the origins of the transactions to capture; null stands for transactions without one
     * @param captureTransaction which of these to capture all the same
     * @param ignoreRemoteMapChanges whether undoing a map's value overwrites what others have put there since
     * @param time tells how close transactions are
     */
    public record Options(
            long captureMillis,
            Set<@Nullable Object> trackedOrigins,
            Predicate<YTransaction> captureTransaction,
            boolean ignoreRemoteMapChanges,
            TimeSource time) {
        /** Half a second, transactions without an origin, all of them. */
        public static Options defaults() {
            Set<@Nullable Object> untracked = new HashSet<>();
            untracked.add(null);
            return new Options(500, untracked, transaction -> true, false, TimeSource.system());
        }

        /** These options with another capture time; 0 undoes each transaction for itself. */
        public Options withCaptureMillis(long millis) {
            return new Options(millis, trackedOrigins, captureTransaction, ignoreRemoteMapChanges, time);
        }

        /** These options with other origins. */
        public Options withTrackedOrigins(Set<@Nullable Object> origins) {
            return new Options(captureMillis, new HashSet<>(origins), captureTransaction, ignoreRemoteMapChanges, time);
        }

        /** These options with another choice of transactions. */
        public Options withCaptureTransaction(Predicate<YTransaction> choice) {
            return new Options(captureMillis, trackedOrigins, choice, ignoreRemoteMapChanges, time);
        }

        /** These options with values of others overwritten or not. */
        public Options withIgnoreRemoteMapChanges(boolean ignore) {
            return new Options(captureMillis, trackedOrigins, captureTransaction, ignore, time);
        }

        /** These options with another clock. */
        public Options withTime(TimeSource clock) {
            return new Options(captureMillis, trackedOrigins, captureTransaction, ignoreRemoteMapChanges, clock);
        }
    }

    /** What is undone in one go. */
    public static final class StackItem {
        private DeleteSet insertions;
        private DeleteSet deletions;
        /** The clients of the deletions in the order in which they come back. */
        private final Set<Long> order = new LinkedHashSet<>();

        private final Map<Object, @Nullable Object> meta = new HashMap<>();

        private StackItem(DeleteSet insertions, DeleteSet deletions) {
            this.insertions = insertions;
            this.deletions = deletions;
        }

        /** What users want to remember with it, such as where the cursor was. */
        public Map<Object, @Nullable Object> meta() {
            return meta;
        }

        /** The units that were inserted. */
        public DeleteSet insertions() {
            return insertions;
        }

        /** The units that were deleted. */
        public DeleteSet deletions() {
            return deletions;
        }
    }

    /** Something has happened to the stacks. */
    public record StackEvent(StackItem item, Kind kind) {
        /** Undone, or to be undone; redone, or to be redone. */
        public enum Kind {
            /** The undo stack. */
            UNDO,
            /** The redo stack. */
            REDO
        }
    }

    private final YDoc doc;
    private final Store store;
    private final Items items;

    /** Empty for the whole document. */
    private final List<YType> scope;

    private final Options options;
    private final Set<@Nullable Object> trackedOrigins;
    private final List<StackItem> undoStack = new ArrayList<>();
    private final List<StackItem> redoStack = new ArrayList<>();
    private final Listeners<Consumer<StackEvent>> added = new Listeners<>();
    private final Listeners<Consumer<StackEvent>> popped = new Listeners<>();
    private final YSubscription subscription;
    private boolean undoing;
    private boolean redoing;
    private boolean hasLastChange;
    private long lastChange;

    private UndoManager(YDoc doc, List<YType> scope, Options options) {
        this.doc = doc;
        this.store = doc.store;
        this.items = doc.store.items;
        this.scope = List.copyOf(scope);
        this.options = options;
        trackedOrigins = new HashSet<>(options.trackedOrigins());
        trackedOrigins.add(this);
        subscription = doc.afterTransaction(this::capture);
    }

    /** Undoes changes of the whole document. */
    public static UndoManager of(YDoc doc, Options options) {
        return new UndoManager(doc, List.of(), options);
    }

    /**
     * Undoes changes of some types and of what is below them.
     *
     * @throws IllegalArgumentException if there are none, or of several documents
     */
    public static UndoManager of(List<? extends YType> scope, Options options) {
        if (scope.isEmpty()
                || scope.stream().anyMatch(type -> type.doc() != scope.get(0).doc())) {
            throw new IllegalArgumentException("the scope is at least one type, all of one document");
        }
        return new UndoManager(scope.get(0).doc(), List.copyOf(scope), options);
    }

    /** Undoes changes of one type and of what is below it, with the default options. */
    public static UndoManager of(YType scope) {
        return of(List.of(scope), Options.defaults());
    }

    /** Captures transactions of this origin too. */
    public void addTrackedOrigin(@Nullable Object origin) {
        trackedOrigins.add(origin);
    }

    /** Captures transactions of this origin no more. */
    public void removeTrackedOrigin(@Nullable Object origin) {
        trackedOrigins.remove(origin);
    }

    private void capture(YTransaction transaction) {
        if (!options.captureTransaction().test(transaction)
                || !scope.isEmpty() && scope.stream().noneMatch(transaction::hasChanged)
                || !trackedOrigins.contains(transaction.origin())) {
            return;
        }
        List<StackItem> stack = undoing ? redoStack : undoStack;
        if (undoing) {
            stopCapturing();
        } else if (!redoing) {
            clear(false, true);
        }
        DeleteSet.Builder builder = DeleteSet.builder();
        Changes changes = transaction.changes;
        for (int i = 0; i < changes.grownCount(); i++) {
            int client = changes.grownClient(i);
            int from = changes.before(client);
            builder.add(store.clients.id(client), from, changes.grownTo(i) - from);
        }
        DeleteSet insertions = builder.build();
        long now = options.time().millis();
        StackItem item;
        boolean isNew =
                undoing || redoing || stack.isEmpty() || !hasLastChange || now - lastChange >= options.captureMillis();
        if (isNew) {
            item = new StackItem(insertions, transaction.deleteSet());
            stack.add(item);
        } else {
            item = stack.get(stack.size() - 1);
            item.insertions = item.insertions.union(insertions);
            item.deletions = item.deletions.union(transaction.deleteSet());
        }
        item.order.addAll(changes.deleteOrder());
        if (!undoing && !redoing) {
            lastChange = now;
            hasLastChange = true;
        }
        forEachItem(transaction.deleteSet(), deleted -> {
            if (isInScope(deleted)) {
                keep(deleted, true);
            }
        });
        if (isNew) {
            tell(added, item, undoing ? StackEvent.Kind.REDO : StackEvent.Kind.UNDO);
        }
    }

    private static void tell(Listeners<Consumer<StackEvent>> listeners, StackItem item, StackEvent.Kind kind) {
        Failures failures = new Failures();
        listeners.tell(listener -> listener.accept(new StackEvent(item, kind)), failures);
        failures.rethrow();
    }

    /** The items with units in a set, client by client in some order. */
    private void forEachItem(DeleteSet set, Set<Long> order, java.util.function.IntConsumer visitor) {
        Map<Long, DeleteSet.Builder> parts = new HashMap<>();
        set.forEachRange((client, clock, length) ->
                parts.computeIfAbsent(client, c -> DeleteSet.builder()).add(client, clock, length));
        order.forEach(client -> {
            DeleteSet.Builder part = parts.get(client);
            if (part != null) {
                forEachItem(part.build(), visitor);
            }
        });
    }

    /** The items with units in a set, cut at its ends; what is known only as a length is left out. */
    private void forEachItem(DeleteSet set, java.util.function.IntConsumer visitor) {
        set.forEachRange((id, clock, length) -> {
            int client = store.clients.find(id);
            if (client < 0) {
                return;
            }
            int end = (int) Math.min(clock + length, store.clients.items(client).next);
            for (int at = (int) clock; at < end; ) {
                int item = store.itemStartingAt(client, at);
                if (items.end(item) > end && items.kind(item) != Items.GC) {
                    store.split(item, end - at);
                }
                at = items.end(item);
                if (items.kind(item) != Items.GC) {
                    visitor.accept(item);
                }
            }
        });
    }

    private boolean isInScope(int item) {
        if (scope.isEmpty()) {
            return true;
        }
        for (int type = store.parentType(item); type != NONE; ) {
            for (YType wanted : scope) {
                if (!wanted.isDeleted() && wanted.type() == type) {
                    return true;
                }
            }
            int holder = store.types.item(type);
            type = holder == NONE ? NONE : store.parentType(holder);
        }
        return false;
    }

    private void keep(int item, boolean kept) {
        for (int at = item; at != NONE && items.is(at, Items.KEEP) != kept; ) {
            items.flag(at, Items.KEEP, kept);
            int type = store.parentType(at);
            at = type == NONE ? NONE : store.types.item(type);
        }
    }

    /** Whether there is something to undo. */
    public boolean canUndo() {
        return !undoStack.isEmpty();
    }

    /** Whether there is something to redo. */
    public boolean canRedo() {
        return !redoStack.isEmpty();
    }

    /** What can be undone, the oldest first. */
    public List<StackItem> undoStack() {
        return List.copyOf(undoStack);
    }

    /** What can be redone, the oldest first. */
    public List<StackItem> redoStack() {
        return List.copyOf(redoStack);
    }

    /** What is captured from now on is undone for itself. */
    public void stopCapturing() {
        hasLastChange = false;
    }

    /** Forgets all that could be undone and redone. */
    public void clear() {
        clear(true, true);
    }

    /** Forgets what could be undone, what could be redone, or both. */
    public void clear(boolean undo, boolean redo) {
        if (undo && canUndo() || redo && canRedo()) {
            doc.transact(() -> {
                if (undo) {
                    forget(undoStack);
                }
                if (redo) {
                    forget(redoStack);
                }
            });
        }
    }

    private void forget(List<StackItem> stack) {
        for (StackItem item : stack) {
            forEachItem(item.deletions, deleted -> {
                if (isInScope(deleted)) {
                    keep(deleted, false);
                }
            });
        }
        stack.clear();
    }

    /** Undoes the newest of what was captured that still has an effect; returns it, or null if there is none. */
    @Nullable
    public StackItem undo() {
        undoing = true;
        try {
            return pop(undoStack, StackEvent.Kind.UNDO);
        } finally {
            undoing = false;
        }
    }

    /** Redoes the newest of what was undone that still has an effect; returns it, or null if there is none. */
    @Nullable
    public StackItem redo() {
        redoing = true;
        try {
            return pop(redoStack, StackEvent.Kind.REDO);
        } finally {
            redoing = false;
        }
    }

    @Nullable
    private StackItem pop(List<StackItem> stack, StackEvent.Kind kind) {
        StackItem[] performed = new StackItem[1];
        doc.transact(this, () -> {
            while (!stack.isEmpty() && performed[0] == null) {
                StackItem item = stack.remove(stack.size() - 1);
                if (perform(item)) {
                    performed[0] = item;
                }
            }
        });
        if (performed[0] != null) {
            tell(popped, performed[0], kind);
        }
        return performed[0];
    }

    private boolean perform(StackItem item) {
        List<long[]> toDelete = new ArrayList<>();
        forEachItem(item.insertions, inserted -> {
            int newest = inserted;
            if (store.isRedone(inserted)) {
                long copy = store.newestCopy(items.client(inserted), items.clock(inserted));
                newest = (int) copy;
                int offset = (int) (copy >>> 32);
                if (offset > 0) {
                    newest = store.split(newest, offset);
                }
            }
            if (!items.isGone(newest) && isInScope(newest)) {
                toDelete.add(new long[] {items.client(newest), items.clock(newest)});
            }
        });
        Set<Integer> toRedo = new LinkedHashSet<>();
        forEachItem(item.deletions, item.order, deleted -> {
            if (isInScope(deleted)
                    && !item.insertions.contains(store.clients.id(items.client(deleted)), items.clock(deleted))) {
                toRedo.add(deleted);
            }
        });
        boolean performed = false;
        for (int deleted : List.copyOf(toRedo)) {
            performed |= redo(deleted, toRedo, item.insertions) != NONE;
        }
        // children before their parents
        for (int i = toDelete.size() - 1; i >= 0; i--) {
            int inserted = store.itemAt((int) toDelete.get(i)[0], (int) toDelete.get(i)[1]);
            store.delete(inserted);
            performed = true;
        }
        return performed;
    }

    /** Inserts a copy of a deleted item where it was; returns the copy, or {@link Items#NONE} if others' changes forbid it. */
    private int redo(int item, Set<Integer> toRedo, DeleteSet toDelete) {
        if (store.isRedone(item)) {
            return store.redoneItem(item);
        }
        int holder = store.types.item(store.parentType(item));
        if (holder != NONE && items.isGone(holder)) {
            if (!store.isRedone(holder) && (!toRedo.contains(holder) || redo(holder, toRedo, toDelete) == NONE)) {
                return NONE;
            }
            while (store.isRedone(holder)) {
                holder = store.redoneItem(holder);
            }
        }
        int type = holder == NONE ? store.parentType(item) : items.content(holder);
        String key = store.parentKey(item);
        int left = NONE;
        int right = NONE;
        if (key == null) {
            left = trace(items.previous(item), holder, false);
            right = trace(item, holder, true);
        } else if (items.next(item) != NONE && !options.ignoreRemoteMapChanges()) {
            left = item;
            while (left != NONE && items.next(left) != NONE && isReplaceable(items.next(left), toDelete)) {
                left = items.next(left);
                while (store.isRedone(left)) {
                    left = store.redoneItem(left);
                }
            }
            if (left != NONE && items.next(left) != NONE) {
                return NONE;
            }
        } else {
            int entry = store.entries.find(type, key);
            left = entry == NONE ? NONE : store.entries.tail(entry);
        }
        if (key != null && left != NONE && store.types.item(store.parentType(left)) != holder) {
            int entry = store.entries.find(type, key);
            left = entry == NONE ? NONE : store.entries.tail(entry);
        }
        int copy = copy(item, type, key, left, right);
        return copy;
    }

    /** From an item on, the nearest one that stands below a holder, or has a copy that does. */
    private int trace(int from, int holder, boolean forward) {
        for (int item = from; item != NONE; item = forward ? items.next(item) : items.previous(item)) {
            int copy = item;
            while (copy != NONE && store.types.item(store.parentType(copy)) != holder) {
                copy = store.isRedone(copy) ? store.redoneItem(copy) : NONE;
            }
            if (copy != NONE) {
                return copy;
            }
        }
        return NONE;
    }

    private boolean isReplaceable(int item, DeleteSet toDelete) {
        long client = store.clients.id(items.client(item));
        int clock = items.clock(item);
        return store.isRedone(item)
                || toDelete.contains(client, clock)
                || undoStack.stream().anyMatch(other -> other.deletions.contains(client, clock))
                || redoStack.stream().anyMatch(other -> other.deletions.contains(client, clock));
    }

    private int copy(int item, int type, @Nullable String key, int left, int right) {
        Copies.Content content = Copies.of(store, item);
        int entry = key == null ? NONE : store.entries.intern(type, key);
        int copy = doc.add(type, entry, left, right, content.head(), content.content(), items.length(item));
        store.redone(item, copy);
        keep(copy, true);
        return copy;
    }

    /** Calls {@code listener} when something can be undone, or redone, that could not before. */
    public YSubscription onStackItemAdded(Consumer<StackEvent> listener) {
        return added.add(listener);
    }

    /** Calls {@code listener} after something was undone or redone. */
    public YSubscription onStackItemPopped(Consumer<StackEvent> listener) {
        return popped.add(listener);
    }

    /** Captures no more. */
    @Override
    public void close() {
        subscription.close();
    }
}
