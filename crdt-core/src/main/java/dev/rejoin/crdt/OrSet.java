package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.AbstractSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;

/**
 * A set of which elements can be added and removed on every replica.
 *
 * <p>In the <em>add-wins</em> set an element is present if some add of it has not been seen by any remove; a remove
 * concurrent with an add loses. In the <em>remove-wins</em> set it is the other way round; it remembers removals until the
 * element is added again. No tombstones otherwise: what is absent but known was removed (Bieniusa et al., RR-8083).
 *
 * <p>Elements are the same if their canonical values are ({@link Values}). They come in the order of their dots, which is the same
 * on every replica.
 *
 * @param <E> the type of the elements
 */
public final class OrSet<E> extends ReplicatedObject {
    private final ValueCodec<E> codec;
    private final boolean removeWins;

    OrSet(ObjectStore store, ObjectKey key, ValueCodec<E> codec) {
        super(store, key);
        this.codec = codec;
        this.removeWins = key.typeCode() == ObjectType.RW_SET.code();
    }

    /** An add-wins set of its own, written as {@code replica}. */
    public static <E> OrSet<E> standalone(ReplicaId replica, ValueCodec<E> codec) {
        return new OrSet<>(Standalone.store(replica), ObjectKey.root(ObjectType.OR_SET, ""), codec);
    }

    /** A remove-wins set of its own, written as {@code replica}. */
    public static <E> OrSet<E> removeWins(ReplicaId replica, ValueCodec<E> codec) {
        return new OrSet<>(Standalone.store(replica), ObjectKey.root(ObjectType.RW_SET, ""), codec);
    }

    private Object canonical(E element) {
        return Values.canonical(codec.encode(element));
    }

    private SetView elementsView() {
        return (SetView) view();
    }

    /** Adds an element; again if it is present, so that it outlives a concurrent remove. O(1) */
    public Delta add(E element) {
        Object value = canonical(element);
        if (store.writesAlone()) {
            Delta delta = SetWrites.addAlone(store, elementsView(), value);
            if (delta != null) {
                return delta;
            }
        }
        // no lambda here and in remove: SetMutationBenchmark
        store.begin();
        boolean done = false;
        try {
            store.intend(key, Mutation.Op.ADD, value);
            SetWrites.add(store, elementsView(), value);
            done = true;
        } finally {
            if (!done) {
                store.abort();
            }
        }
        return store.end(null);
    }

    /** Adds all elements in one transaction. */
    public Delta addAll(Collection<? extends E> elements) {
        List<Object> values = new ArrayList<>(elements.size());
        elements.forEach(element -> values.add(canonical(element)));
        store.begin();
        boolean done = false;
        try {
            for (Object value : values) {
                store.intend(key, Mutation.Op.ADD, value);
                SetWrites.add(store, elementsView(), value);
            }
            done = true;
        } finally {
            if (!done) {
                store.abort();
            }
        }
        return store.end(null);
    }

    /** Removes an element; in an add-wins set nothing happens if it was never there. O(1) */
    public Delta remove(E element) {
        Object value = canonical(element);
        if (!removeWins && store.writesAlone()) {
            Delta delta = SetWrites.removeAlone(store, elementsView(), value);
            if (delta != null) {
                return delta;
            }
        }
        store.begin();
        boolean done = false;
        try {
            store.intend(key, Mutation.Op.REMOVE, value);
            SetWrites.remove(store, elementsView(), value, removeWins);
            done = true;
        } finally {
            if (!done) {
                store.abort();
            }
        }
        return store.end(null);
    }

    /** Removes all elements. O(n) */
    public Delta clear() {
        return mutate(Mutation.Op.CLEAR, Values.NULL, () -> {
            if (removeWins) {
                SetWrites.clearRemoveWins(store, elementsView());
            } else {
                eraseAll(elementsView().dots());
            }
        });
    }

    /** Whether the element is present. O(1) */
    public boolean contains(E element) {
        return existing() instanceof SetView view && view.contains(canonical(element));
    }

    /** The number of elements. O(1) */
    public int size() {
        return existing() instanceof SetView view ? view.size() : 0;
    }

    /** Whether there are none. O(1) */
    public boolean isEmpty() {
        return size() == 0;
    }

    /** An immutable copy of the elements in dot order. O(n log n) */
    public List<E> elements() {
        return existing() instanceof SetView view
                ? view.elements().stream().map(codec::decode).toList()
                : List.of();
    }

    /**
     * This set as a {@link Set}: a live view, in which adding and removing writes. {@code contains} and {@code size} are O(1). An
     * iterator walks the elements that were present when it was made.
     */
    public Set<E> asSet() {
        return new AbstractSet<>() {
            @Override
            public int size() {
                return OrSet.this.size();
            }

            @Override
            @SuppressWarnings("unchecked")
            public boolean contains(Object element) {
                try {
                    return OrSet.this.contains((E) element);
                } catch (ClassCastException otherType) {
                    return false;
                }
            }

            @Override
            public boolean add(E element) {
                boolean absent = !OrSet.this.contains(element);
                OrSet.this.add(element);
                return absent;
            }

            @Override
            @SuppressWarnings("unchecked")
            public boolean remove(Object element) {
                if (!contains(element)) {
                    return false;
                }
                OrSet.this.remove((E) element);
                return true;
            }

            @Override
            public void clear() {
                OrSet.this.clear();
            }

            @Override
            public Iterator<E> iterator() {
                List<E> elements = elements();
                return new Iterator<>() {
                    private int next;
                    private boolean removable;

                    @Override
                    public boolean hasNext() {
                        return next < elements.size();
                    }

                    @Override
                    public E next() {
                        if (!hasNext()) {
                            throw new NoSuchElementException();
                        }
                        removable = true;
                        return elements.get(next++);
                    }

                    @Override
                    public void remove() {
                        if (!removable) {
                            throw new IllegalStateException("nothing to remove");
                        }
                        removable = false;
                        OrSet.this.remove(elements.get(next - 1));
                    }
                };
            }
        };
    }
}
