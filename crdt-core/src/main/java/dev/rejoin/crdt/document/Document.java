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
import dev.rejoin.crdt.yjs.ApplyResult;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.PendingStatus;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YOpenTransaction;
import dev.rejoin.crdt.yjs.YPartner;
import dev.rejoin.crdt.yjs.YSubscription;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A replicated document: named objects, and content that speaks Yjs, under one version, one transaction and one subscription.
 *
 * <p>Objects need no creation: they exist from the first write, and replicas that name the same one share it. Mutators called outside of
 * {@link #transact} are transactions of their own.
 *
 * <p>{@link #content} is made when it is first asked for. Its transactions are the document's: a transaction of either part may change both, and both stand or none
 * does. Listeners of either part are told when both stand. Observers of the content's types come first, then those of its updates, then the document's.
 *
 * <p>A <em>judged</em> document keeps its own writes pending until {@link #confirm} brings their verdict; what is read is confirmed and pending
 * together. Its version, state and deltas are those of the confirmed part. Content is never judged: it stands at once, whatever becomes of the objects' part.
 *
 * <p>Mutable, single-owner: one thread at a time. {@link #snapshot} serves other threads. Nothing to close.
 */
public final class Document {
    private static final ApplyResult WHOLE = new ApplyResult(true, false, StateVector.EMPTY);

    private final ObjectStore store;

    /** Makes the content; null if it begins empty. */
    private final @Nullable Supplier<YDoc> source;

    private @Nullable YDoc content;
    private @Nullable YSubscription pairing;

    /** The content's part of the open transaction, where {@link #transact} has opened that. */
    private @Nullable YOpenTransaction open;

    private @Nullable Object openOrigin;

    /** What the next commit tells {@link #transact}. */
    private @Nullable Outcome awaited;

    /** What the next commit joins to the objects. */
    private @Nullable Delta incoming;

    private @Nullable DocumentVersion known;

    private Document(ObjectStore store, @Nullable Supplier<YDoc> source) {
        this.store = store;
        this.source = source;
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
        private @Nullable Supplier<YDoc> source;

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
         * Who makes the content when it is first needed, and again after {@link Document#releaseContent}: a document of its own each time, filled with what the content is
         * then, outside of any transaction. Default: an empty one.
         */
        public Builder content(Supplier<YDoc> source) {
            this.source = source;
            return this;
        }

        /**
         * Who hears what a listener throws. By default it is thrown on to whoever made the step, after all listeners have been called, as is always
         * what a listener of the content throws.
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
            return new Document(store, source);
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
     * Runs {@code body} as one transaction: others see all of it or nothing. A transaction inside another, of this document or of its content, is part of it. What the body
     * throws takes back everything the outermost transaction has done, and is thrown on.
     *
     * @param origin given to listeners, to tell one's own changes
     * @return what the transaction did; for an inner one, nothing
     */
    public Commit transact(@Nullable Object origin, Runnable body) {
        if (store.inTransaction()) {
            return transactInside(origin, body);
        }
        store.begin();
        openOrigin = origin;
        open = content == null ? null : content.open(origin);
        boolean done = false;
        try {
            body.run();
            done = true;
        } finally {
            if (!done) {
                rollBack();
            }
        }
        return commit(origin);
    }

    private Commit transactInside(@Nullable Object origin, Runnable body) {
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
        return new Commit(store.end(origin), List.of(), origin);
    }

    private void rollBack() {
        YOpenTransaction both = open;
        open = null;
        openOrigin = null;
        if (both == null) {
            store.abort();
        } else {
            both.rollBack();
        }
    }

    private Commit commit(@Nullable Object origin) {
        YOpenTransaction both = open;
        open = null;
        openOrigin = null;
        if (both == null) {
            return store.commit(origin);
        }
        Outcome outcome = new Outcome();
        awaited = outcome;
        both.commit();
        return outcome.commit();
    }

    /** What a transaction did to both parts. */
    private static final class Outcome implements Consumer<byte[]> {
        @Nullable
        Consumer<byte[]> event;

        Commit objects = new Commit(Delta.EMPTY, List.of(), null);
        byte @Nullable [] content;

        @Override
        public void accept(byte[] update) {
            content = update.length == 0 ? null : update;
            if (event != null) {
                event.accept(update);
            }
        }

        Commit commit() {
            return content == null
                    ? objects
                    : new Commit(objects.delta(), objects.mutations(), objects.origin(), content);
        }
    }

    // content

    /**
     * The content, made at the first call. Transactions, single edits and updates taken in are steps of this document, and the subscriptions of both hear of
     * them.
     *
     * @throws IllegalStateException if what makes it gives one that is part of another document, or inside a transaction
     */
    public YDoc content() {
        YDoc there = content;
        if (there == null) {
            there = source == null ? YDoc.create() : source.get();
            pairing = there.pair(new ContentPartner());
            content = there;
            known = null;
            if (store.inTransaction()) {
                open = there.open(openOrigin);
            }
        }
        return there;
    }

    /** Whether the content has been asked for, and not been released since. */
    public boolean hasContent() {
        return content != null;
    }

    /**
     * Forgets the content, for those who keep it elsewhere: what was given to {@link Builder#content} is asked for it when it is needed again. Without that, it begins anew.
     * Snapshots stay as they are; what is done to the released one concerns this document no more.
     *
     * @throws IllegalStateException inside a transaction
     */
    public void releaseContent() {
        requireNoTransaction();
        if (pairing != null) {
            pairing.close();
        }
        pairing = null;
        content = null;
        known = null;
    }

    /** The content, unless it is certain to be empty. */
    private @Nullable YDoc contentIfAny() {
        return source == null ? content : content();
    }

    private void requireNoTransaction() {
        if (store.inTransaction()) {
            throw new IllegalStateException("not inside a transaction");
        }
    }

    /** Makes each transaction of the content one of the objects too. */
    private final class ContentPartner implements YPartner {
        @Override
        public void begin() {
            if (incoming == null && !store.inTransaction()) {
                store.begin();
            }
        }

        @Override
        public void rollBack() {
            store.rollback();
        }

        @Override
        public @Nullable Consumer<byte[]> commit(@Nullable Object origin, boolean local) {
            known = null;
            Consumer<byte[]> event =
                    store.reserveEvent(local ? CommitEvent.Kind.LOCAL : CommitEvent.Kind.REMOTE, origin);
            Delta merged = incoming;
            if (merged != null) {
                incoming = null;
                store.merge(merged, origin);
                return event;
            }
            Outcome outcome = awaited;
            awaited = null;
            Commit objects = store.commit(origin);
            if (outcome == null) {
                return event;
            }
            outcome.event = event;
            outcome.objects = objects;
            return outcome;
        }

        @Override
        public void tell() {
            store.tell();
        }
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

    /** As {@link #merge(DocumentDelta, Object)}, without an origin. */
    public ApplyResult merge(DocumentDelta delta) {
        return merge(delta, null);
    }

    /**
     * Takes in what happened to both parts of another replica, as one step, in any order, any number of times; or nothing of it.
     *
     * @return whether the content could be taken in, or waits for earlier updates: it shows when these have come, the objects show at once
     * @throws ReplicaConflictException if two replicas wrote under one id; nothing has changed then
     * @throws MalformedUpdateException if the content exceeds a limit of this document's; nothing has changed then
     */
    public ApplyResult merge(DocumentDelta delta, @Nullable Object origin) {
        store.checkMerge(delta.objects());
        if (!delta.hasContent()) {
            store.merge(delta.objects(), origin);
            return WHOLE;
        }
        YDoc into = content();
        incoming = delta.objects();
        try {
            return into.applyUpdate(delta.content(), origin);
        } finally {
            incoming = null;
        }
    }

    /** The confirmed state of both parts, with what waits for earlier updates of the content. O(cells and items) */
    public DocumentDelta documentState() {
        return deltaSince(DocumentVersion.EMPTY);
    }

    /** What a holder of {@code version} lacks of both parts. O(changes) for recent versions, O(cells and items) for others */
    public DocumentDelta deltaSince(DocumentVersion version) {
        requireNoTransaction();
        YDoc there = contentIfAny();
        Delta objects = store.deltaSince(version.objects());
        if (there == null || version.hasSameContent(documentVersion()) && hasNothingWaiting(there)) {
            return DocumentDelta.of(objects);
        }
        return DocumentDelta.written(objects, there.encodeStateAsUpdate(version.content()));
    }

    private static boolean hasNothingWaiting(YDoc content) {
        PendingStatus waiting = content.pending();
        return waiting.structs() == 0 && waiting.deletes() == 0;
    }

    /** What this document knows of both parts. O(items) after a change of the content, else O(1) */
    public DocumentVersion documentVersion() {
        requireNoTransaction();
        YDoc there = contentIfAny();
        Version objects = store.version();
        DocumentVersion last = known;
        if (last == null || last.objects() != objects) {
            // deletions are counted again only if the content has changed
            last = there == null || last != null
                    ? (last == null ? DocumentVersion.EMPTY : last).withObjects(objects)
                    : DocumentVersion.of(objects, there.stateVector(), there.deleteSet());
            known = last;
        }
        return last;
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

    /**
     * An immutable copy of both parts for any thread. O(1)
     *
     * @throws IllegalStateException inside a transaction
     */
    public Snapshot snapshot() {
        requireNoTransaction();
        YDoc there = content;
        return new Snapshot(store.freeze(), there == null ? null : there.view(), there == null && source != null);
    }

    /** Calls {@code listener} after each step that changes a value or the content; see {@link ObjectStore#onCommit}. */
    public Subscription onCommit(Consumer<CommitEvent> listener) {
        return store.onCommit(listener);
    }

    /** The present values of the objects by name: counters as numbers, registers as their value, sets as lists, flags as booleans, maps as maps. */
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

    /** The same, and takes off in this step what then shows of these cells; see {@link ObjectStore#confirm(Delta, long, List, List)}. */
    public List<Delta> confirm(Delta remote, long ackedThrough, List<DotRange> voided, List<Delta> unwanted) {
        return store.confirm(remote, ackedThrough, voided, unwanted);
    }

    /** Whether any of the cells of a delta is here, shown or hidden by a pending write. O(its cells) */
    public boolean holdsAny(Delta cells) {
        return store.holdsAny(cells);
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
