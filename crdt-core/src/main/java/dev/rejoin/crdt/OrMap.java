package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A map from names to objects, nested as deep as {@link ObjectKey#MAX_DEPTH}.
 *
 * <p>A child is addressed by its name <em>and</em> type and exists from the first write to it, so replicas that create the
 * same child concurrently share it. Removing a name removes what has been observed below it; concurrent writes survive.
 */
public final class OrMap extends ReplicatedObject {

    OrMap(ObjectStore store, ObjectKey key) {
        super(store, key);
    }

    /** A map of its own, written as {@code replica} by the system's clock. */
    public static OrMap standalone(ReplicaId replica) {
        return standalone(replica, TimeSource.system());
    }

    /** A map of its own, written as {@code replica} by the given clock. */
    public static OrMap standalone(ReplicaId replica, TimeSource time) {
        return new OrMap(Standalone.store(replica, time), ObjectKey.root(ObjectType.MAP, ""));
    }

    /** The grow-only counter of this name. */
    public GCounter gcounter(String name) {
        return new GCounter(store, key.child(ObjectType.GCOUNTER, name));
    }

    /** The counter of this name. */
    public PNCounter counter(String name) {
        return new PNCounter(store, key.child(ObjectType.PNCOUNTER, name));
    }

    /** The last-writer-wins register of this name. */
    public <T> LwwRegister<T> register(String name, ValueCodec<T> codec) {
        return new LwwRegister<>(store, key.child(ObjectType.LWW_REGISTER, name), codec);
    }

    /** The multi-value register of this name. */
    public <T> MvRegister<T> mvRegister(String name, ValueCodec<T> codec) {
        return new MvRegister<>(store, key.child(ObjectType.MV_REGISTER, name), codec);
    }

    /** The add-wins set of this name. */
    public <E> OrSet<E> set(String name, ValueCodec<E> codec) {
        return new OrSet<>(store, key.child(ObjectType.OR_SET, name), codec);
    }

    /** The remove-wins set of this name. */
    public <E> OrSet<E> removeWinsSet(String name, ValueCodec<E> codec) {
        return new OrSet<>(store, key.child(ObjectType.RW_SET, name), codec);
    }

    /** The enable-wins flag of this name. */
    public Flag flag(String name) {
        return new Flag(store, key.child(ObjectType.FLAG, name));
    }

    /** The disable-wins flag of this name. */
    public Flag disableWinsFlag(String name) {
        return new Flag(store, key.child(ObjectType.DW_FLAG, name));
    }

    /** The map of this name. */
    public OrMap map(String name) {
        return new OrMap(store, key.child(ObjectType.MAP, name));
    }

    /** Removes everything observed under a name, of whatever type. O(cells below it) */
    public Delta remove(String name) {
        return existing() instanceof MapView view
                ? mutate(
                        Mutation.Op.REMOVE, name, () -> view.childrenNamed(name).forEach(this::removeSubtree))
                : Delta.EMPTY;
    }

    /** Removes everything observed under all names. O(cells below) */
    public Delta clear() {
        return existing() instanceof MapView view
                ? mutate(
                        Mutation.Op.CLEAR, Values.NULL, () -> view.allChildren().forEach(this::removeSubtree))
                : Delta.EMPTY;
    }

    private void removeSubtree(View child) {
        if (child instanceof MapView map) {
            map.allChildren().forEach(this::removeSubtree);
        } else if (child instanceof CounterView counter) {
            CounterWrites.reset(store, counter);
        } else {
            eraseAll(child.dots());
        }
    }

    /** The names under which something is present, ascending by code point. O(names log names) */
    public Set<String> keys() {
        return existing() instanceof MapView view ? view.presentNames() : new TreeSet<>();
    }

    /** Whether something is present under a name. O(1) */
    public boolean contains(String name) {
        return existing() instanceof MapView view && view.contains(name);
    }

    /** Whether nothing is present. */
    public boolean isEmpty() {
        return keys().isEmpty();
    }

    /** The keys of the objects that are present, for walking a map of unknown contents. */
    public List<ObjectKey> children() {
        return existing() instanceof MapView view ? view.presentChildren() : List.of();
    }
}
