package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;

/** A flag, disabled at first: when enabling and disabling happen concurrently, the one that its kind names wins. */
public final class Flag extends ReplicatedObject {
    private final boolean disableWins;

    Flag(ObjectStore store, ObjectKey key) {
        super(store, key);
        this.disableWins = key.typeCode() == ObjectType.DW_FLAG.code();
    }

    /** An enable-wins flag of its own, written as {@code replica}. */
    public static Flag standalone(ReplicaId replica) {
        return new Flag(Standalone.store(replica), ObjectKey.root(ObjectType.FLAG, ""));
    }

    /** A disable-wins flag of its own, written as {@code replica}. */
    public static Flag disableWins(ReplicaId replica) {
        return new Flag(Standalone.store(replica), ObjectKey.root(ObjectType.DW_FLAG, ""));
    }

    /** Enables the flag. O(1) */
    public Delta enable() {
        return mutate(Mutation.Op.ENABLE, Values.NULL, () -> SetWrites.add(store, (SetView) view(), true));
    }

    /** Disables the flag. O(1) */
    public Delta disable() {
        return mutate(
                Mutation.Op.DISABLE, Values.NULL, () -> SetWrites.remove(store, (SetView) view(), true, disableWins));
    }

    /** Whether the flag is enabled. O(1) */
    public boolean isEnabled() {
        return existing() instanceof SetView view && view.contains(true);
    }
}
