package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * A register of which readers see one value: the causally newest, and among values written concurrently the one with the latest
 * stamp of a hybrid logical clock (Kulkarni et al., 2014), then the highest replica id.
 *
 * <p>A write that has seen another always beats it, whatever the clocks say. All concurrent writes are kept until somebody
 * overwrites them; {@link #conflicts} shows those that lost.
 *
 * @param <T> the type of its values
 */
public final class LwwRegister<T> extends ReplicatedObject {
    private final ValueCodec<T> codec;

    LwwRegister(ObjectStore store, ObjectKey key, ValueCodec<T> codec) {
        super(store, key);
        this.codec = codec;
    }

    /** A register of its own, written as {@code replica} by the system's clock. */
    public static <T> LwwRegister<T> standalone(ReplicaId replica, ValueCodec<T> codec) {
        return standalone(replica, codec, TimeSource.system());
    }

    /** A register of its own, written as {@code replica} by the given clock. */
    public static <T> LwwRegister<T> standalone(ReplicaId replica, ValueCodec<T> codec, TimeSource time) {
        return new LwwRegister<>(Standalone.store(replica, time), ObjectKey.root(ObjectType.LWW_REGISTER, ""), codec);
    }

    /** Writes a value over all that are there. O(concurrent values) */
    public Delta set(T value) {
        Object canonical = Values.canonical(codec.encode(value));
        return mutate(Mutation.Op.SET, canonical, () -> {
            RegisterView view = (RegisterView) view();
            overwrite(view, new Stamped(store.stampFor(view), canonical));
        });
    }

    /** Removes all values that are there; does nothing if there are none. O(concurrent values) */
    public Delta clear() {
        return existing() instanceof RegisterView view
                ? mutate(Mutation.Op.CLEAR, Values.NULL, () -> eraseAll(view.dots()))
                : Delta.EMPTY;
    }

    private List<Object> visible() {
        return existing() instanceof RegisterView view ? view.values() : List.of();
    }

    /**
     * The value.
     *
     * @throws NoSuchElementException if there is none
     */
    public T get() {
        List<Object> values = visible();
        if (values.isEmpty()) {
            throw new NoSuchElementException("register without a value: " + key);
        }
        return codec.decode(values.get(0));
    }

    /** The value, or {@code other} if there is none. */
    public T orElse(T other) {
        List<Object> values = visible();
        return values.isEmpty() ? other : codec.decode(values.get(0));
    }

    /** The value if there is one. */
    public Optional<T> optional() {
        List<Object> values = visible();
        return values.isEmpty() ? Optional.empty() : Optional.of(codec.decode(values.get(0)));
    }

    /** Whether there is no value. */
    public boolean isEmpty() {
        return visible().isEmpty();
    }

    /** The values written concurrently with the one that {@link #get} returns, in dot order. */
    public List<T> conflicts() {
        List<Object> values = visible();
        return values.size() < 2
                ? List.of()
                : values.subList(1, values.size()).stream().map(codec::decode).toList();
    }
}
