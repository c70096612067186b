package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What all types have in common: an object in a store, which is a document's or its own.
 *
 * <p>A stand-alone object is a replicated data type as in the textbook: each mutator returns the delta that it caused, and
 * {@link #merge} takes the deltas and states of other replicas in any order, any number of times. An object of a document shares
 * the document's transactions; inside one, mutators return the empty delta, and the transaction has them all.
 *
 * <p>Mutable, single-owner. Nothing to close.
 */
public abstract sealed class ReplicatedObject permits GCounter, PNCounter, LwwRegister, MvRegister, OrSet, Flag, OrMap {
    final ObjectStore store;
    final ObjectKey key;

    /** Found at first use; a store gives up views that have been empty for a while. */
    private @Nullable View view;

    ReplicatedObject(ObjectStore store, ObjectKey key) {
        this.store = store;
        this.key = key;
    }

    /** The view, made if there is none yet: for writing. */
    final View view() {
        View found = view;
        if (found == null || found.index == View.FORGOTTEN) {
            found = store.view(key);
            view = found;
        }
        return found;
    }

    /** The view if there is one: for reading, which makes none. */
    final @Nullable View existing() {
        View found = view;
        if (found == null || found.index == View.FORGOTTEN) {
            found = store.existing(key);
            view = found;
        }
        return found;
    }

    /** The path and type that name this object. */
    public final ObjectKey key() {
        return key;
    }

    /** The replica under whose id this object is written. */
    public final ReplicaId replica() {
        return store.self();
    }

    /**
     * Joins a delta or state of another replica. O(cells and runs of the delta), whatever the size of this object.
     *
     * @throws ReplicaConflictException if two replicas wrote under one id; nothing has changed then
     */
    public final void merge(Delta delta) {
        store.merge(delta, null);
    }

    /**
     * Puts the state that this replica had saved back into this empty object; {@link #merge} would refuse it as somebody else's use of
     * the id.
     *
     * @throws IllegalStateException if anything has been written or merged before
     */
    public final void restore(Delta state) {
        store.restore(state, List.of(), 0);
    }

    /** The state of the whole store that this object lives in, for a stand-alone object its own. O(cells) */
    public final Delta state() {
        return store.state();
    }

    /** What the store knows. */
    public final Version version() {
        return store.version();
    }

    /** What a replica that knows {@code version} lacks. O(changes) for recent versions */
    public final Delta deltaSince(Version version) {
        return store.deltaSince(version);
    }

    /** Runs a mutator as its own transaction or as part of the open one; what it throws takes back what it did. */
    final Delta mutate(Mutation.Op op, Object value, Runnable body) {
        store.begin();
        boolean done = false;
        try {
            store.intend(key, op, value);
            body.run();
            done = true;
        } finally {
            if (!done) {
                store.abort();
            }
        }
        return store.end(null);
    }

    /** Writes a cell over all that the view holds. */
    final void overwrite(View written, Object payload) {
        long[] before = written.dots();
        if (before.length == 1) {
            store.replace(written, before[0] & Long.MAX_VALUE, payload);
        } else {
            store.write(written, payload);
            eraseAll(before);
        }
    }

    final void eraseAll(long[] dots) {
        for (long dot : dots) {
            store.erase(dot & Long.MAX_VALUE);
        }
    }
}
