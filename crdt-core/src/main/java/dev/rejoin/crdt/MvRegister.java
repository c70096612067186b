package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.List;

/**
 * A register of which readers see every value that no other write has seen and replaced.
 *
 * @param <T> the type of its values
 */
public final class MvRegister<T> extends ReplicatedObject {
    private final ValueCodec<T> codec;

    MvRegister(ObjectStore store, ObjectKey key, ValueCodec<T> codec) {
        super(store, key);
        this.codec = codec;
    }

    /** A register of its own, written as {@code replica}. */
    public static <T> MvRegister<T> standalone(ReplicaId replica, ValueCodec<T> codec) {
        return new MvRegister<>(Standalone.store(replica), ObjectKey.root(ObjectType.MV_REGISTER, ""), codec);
    }

    /** Writes a value over all that are there. O(concurrent values) */
    public Delta set(T value) {
        Object canonical = Values.canonical(codec.encode(value));
        return mutate(Mutation.Op.SET, canonical, () -> {
            RegisterView view = (RegisterView) view();
            overwrite(view, canonical);
        });
    }

    /** Removes all values that are there; does nothing if there are none. O(concurrent values) */
    public Delta clear() {
        return existing() instanceof RegisterView view
                ? mutate(Mutation.Op.CLEAR, Values.NULL, () -> eraseAll(view.dots()))
                : Delta.EMPTY;
    }

    /** The values in the order of their dots, the same on every replica; equal values written concurrently stand twice. */
    public List<T> values() {
        return existing() instanceof RegisterView view
                ? view.values().stream().map(codec::decode).toList()
                : List.of();
    }

    /** Whether there is no value. */
    public boolean isEmpty() {
        return values().isEmpty();
    }
}
