package dev.rejoin.crdt.document;

import dev.rejoin.crdt.Commit;
import dev.rejoin.crdt.CommitEvent;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.DotRange;
import dev.rejoin.crdt.Flag;
import dev.rejoin.crdt.GCounter;
import dev.rejoin.crdt.LwwRegister;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.MvRegister;
import dev.rejoin.crdt.ObjectKey;
import dev.rejoin.crdt.ObjectStore;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.OrMap;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.PNCounter;
import dev.rejoin.crdt.PageDigest;
import dev.rejoin.crdt.PendingTransaction;
import dev.rejoin.crdt.ReplicaConflictException;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.crdt.clock.Version;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A replicated document: named objects under one version, one transaction and one subscription.
 *
 * <p>Objects need no creation: they exist from the first write, and replicas that name the same one share it. Mutators called outside of
 * {@link #transact} are transactions of their own.
 *
 * <p>A <em>judged</em> document keeps its own writes pending until {@link #confirm} brings their verdict; what is read is confirmed and pending
 * together. Its version, state and deltas are those of the confirmed part.
 *
 * <p>Mutable, single-owner: one thread at a time. {@link #snapshot} serves other threads. Nothing to close.
 */
public final class Document {
    private final ObjectStore store;

    private Document(ObjectStore store) {
        this.store = store;
    }

    /** An empty document with a random replica id and the system's clock. */
    public static Document create() {
        return builder().build();
    }

    /** A builder, for choosing the replica id, the clock, or a judge. */
    public static Builder builder() {
        return new Builder();
    }

    /** Chooses what a document is made of. */
    public static final class Builder {
        private @Nullable ReplicaId replica;
        private TimeSource time = TimeSource.system();
        private @Nullable Consumer<RuntimeException> listenerFailures;
        private boolean judged;

        private Builder() {}

        /** The id it writes under; fresh for each document that is opened, unless a lease says otherwise. Default: random. */
        public Builder replica(ReplicaId id) {
            replica = id;
            return this;
        }

        /** The clock that stamps registers. Default: the system's. */
        public Builder timeSource(TimeSource source) {
            time = source;
            return this;
        }

        /** Whether somebody judges its writes. Default: no. */
        public Builder judged(boolean isJudged) {
            judged = isJudged;
            return this;
        }

        /**
         * Who hears what a listener throws. By default it is thrown on to whoever made the step, after all listeners have been called.
         */
        public Builder listenerFailures(Consumer<RuntimeException> handler) {
            listenerFailures = handler;
            return this;
        }

        /** The empty document. */
        public Document build() {
            ReplicaId id = replica == null ? ReplicaId.random() : replica;
            ObjectStore store = new ObjectStore(id, judged, time);
            if (listenerFailures != null) {
                store.onListenerFailure(listenerFailures);
            }
            return new Document(store);
        }
    }

    /** The id under which this document is written. */
    public ReplicaId replica() {
        return store.self();
    }

    /** The highest own dot used so far; 0 if none. */
    public long issued() {
        return store.issued();
    }

    /** The grow-only counter of this name. */
    public GCounter gcounter(String name) {
        return store.gcounter(ObjectKey.root(ObjectType.GCOUNTER, name));
    }

    /** The counter of this name. */
    public PNCounter counter(String name) {
        return store.counter(ObjectKey.root(ObjectType.PNCOUNTER, name));
    }

    /** The last-writer-wins register of this name. */
    public <T> LwwRegister<T> register(String name, ValueCodec<T> codec) {
        return store.register(ObjectKey.root(ObjectType.LWW_REGISTER, name), codec);
    }

    /** The multi-value register of this name. */
    public <T> MvRegister<T> mvRegister(String name, ValueCodec<T> codec) {
        return store.mvRegister(ObjectKey.root(ObjectType.MV_REGISTER, name), codec);
    }

    /** The add-wins set of this name. */
    public <E> OrSet<E> set(String name, ValueCodec<E> codec) {
        return store.set(ObjectKey.root(ObjectType.OR_SET, name), codec);
    }

    /** The remove-wins set of this name. */
    public <E> OrSet<E> removeWinsSet(String name, ValueCodec<E> codec) {
        return store.set(ObjectKey.root(ObjectType.RW_SET, name), codec);
    }

    /** The enable-wins flag of this name. */
    public Flag flag(String name) {
        return store.flag(ObjectKey.root(ObjectType.FLAG, name));
    }

    /** The disable-wins flag of this name. */
    public Flag disableWinsFlag(String name) {
        return store.flag(ObjectKey.root(ObjectType.DW_FLAG, name));
    }

    /** The map of this name. */
    public OrMap map(String name) {
        return store.map(ObjectKey.root(ObjectType.MAP, name));
    }

    /** Runs {@code body} as one transaction; see {@link #transact(Object, Runnable)}. */
    public Commit transact(Runnable body) {
        return transact(null, body);
    }

    /**
     * Runs {@code body} as one transaction: others see all of it or nothing. A transaction inside another is part of it. What the body
     * throws takes back everything the outermost transaction has done, and is thrown on.
     *
     * @param origin given to listeners, to tell one's own changes
     * @return what the transaction did; for an inner one, nothing
     */
    public Commit transact(@Nullable Object origin, Runnable body) {
        boolean outermost = !store.inTransaction();
        store.begin();
        boolean done = false;
        try {
            body.run();
            done = true;
        } finally {
            if (!done) {
                store.abort();
            }
        }
        if (outermost) {
            return store.commit(origin);
        }
        return new Commit(store.end(origin), List.of(), origin);
    }

    /**
     * Performs typed changes as one transaction.
     *
     * @throws IllegalArgumentException if a change does not fit its type; nothing has changed then
     */
    public Commit apply(List<Mutation> mutations) {
        return transact(() -> mutations.forEach(mutation -> Mutations.perform(store, mutation)));
    }

    /** What a delta that is not yet merged would do to the present document, in typed changes. */
    public List<Mutation> describe(Delta delta) {
        return store.describe(delta);
    }

    /** Joins a delta or state of another replica. O(cells and runs of the delta) */
    public void merge(Delta delta) {
        merge(delta, null);
    }

    /**
     * Joins a delta or state of another replica, in any order, any number of times.
     *
     * @throws ReplicaConflictException if two replicas wrote under one id; nothing has changed then
     */
    public void merge(Delta delta, @Nullable Object origin) {
        store.merge(delta, origin);
    }

    /** The confirmed state. O(cells) */
    public Delta state() {
        return store.state();
    }

    /** What a holder of {@code version} lacks. O(changes) for recent versions, O(cells) for others */
    public Delta deltaSince(Version version) {
        return store.deltaSince(version);
    }

    /** What this document knows, pending writes excluded. */
    public Version version() {
        return store.version();
    }

    /** What to compare with another replica's to find where the two differ; see {@link ObjectStore#digest}. */
    public PageDigest digest() {
        return store.digest();
    }

    /** What a holder of this digest and version may lack; see {@link ObjectStore#deltaFor}. */
    public Delta deltaFor(PageDigest digest, Version version) {
        return store.deltaFor(digest, version);
    }

    /** Whether all dots {@code first} to {@code last} of a replica are known. */
    public boolean knows(ReplicaId replica, long first, long last) {
        return store.knows(replica, first, last);
    }

    /** An immutable copy for any thread. O(1) */
    public Snapshot snapshot() {
        return new Snapshot(store.freeze());
    }

    /** Calls {@code listener} after each step that changes a value; see {@link ObjectStore#onCommit}. */
    public Subscription onCommit(Consumer<CommitEvent> listener) {
        return store.onCommit(listener);
    }

    /** The present values by name: counters as numbers, registers as their value, sets as lists, flags as booleans, maps as maps. */
    public Map<String, Object> toMap() {
        return Tree.of(store);
    }

    /** Replaces amounts of judged replicas by folds; see {@link ObjectStore#fold}. */
    public Delta fold(Map<ReplicaId, Long> verdictsKnown, int atLeast) {
        return store.fold(verdictsKnown, atLeast);
    }

    // judged documents

    /** The transactions that await a verdict, oldest first. */
    public List<PendingTransaction> pending() {
        return store.pending();
    }

    /** Brings verdicts and what others did, in one step; see {@link ObjectStore#confirm}. */
    public void confirm(Delta remote, long ackedThrough, List<DotRange> voided) {
        store.confirm(remote, ackedThrough, voided);
    }

    /** The confirmed state, pending writes excluded. O(cells) */
    public Delta confirmedState() {
        return store.state();
    }

    /** The confirmed version. */
    public Version confirmedVersion() {
        return store.version();
    }

    /** Puts a saved replica back into this empty document; see {@link ObjectStore#restore}. */
    public void restore(Delta confirmed, List<PendingTransaction> pending, long issuedThrough) {
        store.restore(confirmed, pending, issuedThrough);
    }

    /** Whether a pending write is part of what an object shows. */
    public boolean isPending(ObjectKey object) {
        return store.isPending(object);
    }

    /** Whether a pending write is part of what a set shows of an element. */
    public boolean isPending(ObjectKey set, Object element) {
        return store.isPending(set, element);
    }
}
