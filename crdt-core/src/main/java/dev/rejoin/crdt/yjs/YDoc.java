package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A shared document that speaks Yjs: texts, arrays, maps and XML under names, edited by many at once, equal everywhere in the end.
 *
 * <p>Compatible with yjs 13.6 on the wire, in both update encodings. Mutable, single-owner: one thread at a time; {@link #view} gives
 * other threads an immutable copy in O(1). Needs no closing.
 *
 * <p>Every edit runs in a transaction, its own if none is open. A transaction that has changed something ends by telling the observers of the types,
 * and then whoever listens for updates.
 */
public final class YDoc {
    /** Told of the bytes of a transaction. */
    @FunctionalInterface
    public interface UpdateListener {
        /** Called after a transaction that has changed something, with what others have to apply. */
        void update(byte[] update, @Nullable Object origin, YDoc doc);
    }

    /** Told of subdocuments. */
    @FunctionalInterface
    public interface SubdocsListener {
        /** Called after a transaction in which subdocuments came, went, or asked to be loaded. */
        void changed(Set<YDoc> loaded, Set<YDoc> added, Set<YDoc> removed);
    }

    private static final StateVector NOTHING = StateVector.EMPTY;
    private static final byte[] NO_UPDATE = {};

    /** From so many on it is worth it to leave the text of a document's first update where it is until it is wanted. */
    private static final int LARGE_BYTES = 64;

    private final YDocOptions options;
    private long clientId;
    private int self = NONE;

    final Store store;
    final TextEditor texts;
    private final Typing typing;
    private final Integrator integrator;
    private final @Nullable Contradictions contradictions;
    private final StructBatch batch = new StructBatch();
    private char[] scratch = new char[16];
    private final UpdateWriter writer = UpdateWriter.v1();
    private @Nullable UpdateWriter writerV2;

    private @Nullable YType[] handles = new YType[4];

    // transactions
    private int depth;
    private @Nullable Object origin;
    private boolean local = true;
    private final ArrayDeque<YTransaction> ended = new ArrayDeque<>(1);
    private @Nullable Changes spare;
    private final ArrayDeque<Unsent> unsent = new ArrayDeque<>(1);
    private boolean sending;
    private @Nullable YPartner partner;

    /** Whether an update has left something waiting, or freed the last of what did, and those who listen for that are to be told. */
    private boolean waitingChanged;

    // listeners
    private final Listeners<UpdateListener> updates = new Listeners<>();
    private final Listeners<UpdateListener> updatesV2 = new Listeners<>();
    private final Listeners<Consumer<YTransaction>> transactions = new Listeners<>();
    private final Listeners<SubdocsListener> subdocListeners = new Listeners<>();
    private final Listeners<Consumer<PendingStatus>> pendingListeners = new Listeners<>();
    private int watchers;

    // subdocuments
    private final Map<Integer, YDoc> subdocs = new LinkedHashMap<>();
    private final Set<YDoc> subdocsAdded = new LinkedHashSet<>();
    private final Set<YDoc> subdocsRemoved = new LinkedHashSet<>();
    private final Set<YDoc> subdocsLoaded = new LinkedHashSet<>();
    private @Nullable YDoc parent;
    private @Nullable YDoc arriving;
    private boolean shouldLoad;

    private YDoc(YDocOptions options) {
        this.options = options;
        clientId = options.clientId() >= 0 ? options.clientId() : randomClientId();
        shouldLoad = options.shouldLoad();
        store = new Store(new StoreObserver());
        texts = new TextEditor(this, store);
        typing = new Typing(store);
        integrator = new Integrator(store, options.limits(), options.time());
        contradictions = options.refusesContradictions() ? new Contradictions(store) : null;
    }

    /** An empty document with a random client id that collects garbage. */
    public static YDoc create() {
        return new YDoc(YDocOptions.defaults());
    }

    /** An empty document. */
    public static YDoc create(YDocOptions options) {
        return new YDoc(options);
    }

    private static long randomClientId() {
        return ReplicaId.random().bits() & 0xffffffffL;
    }

    /** The client whose edits this document's are. Changes when somebody else turns out to use it. */
    public long clientId() {
        return clientId;
    }

    /** The name that a parent document knows this one by. */
    public String guid() {
        return options.guid();
    }

    /** What the document was made with. */
    public YDocOptions options() {
        return options;
    }

    // roots

    /**
     * The text of this name.
     *
     * @throws IllegalStateException if another kind of type has this name
     */
    public YText getText(String name) {
        return (YText) root(name, Types.TEXT);
    }

    /**
     * The array of this name.
     *
     * @throws IllegalStateException if another kind of type has this name
     */
    public YArray getArray(String name) {
        return (YArray) root(name, Types.ARRAY);
    }

    /**
     * The map of this name.
     *
     * @throws IllegalStateException if another kind of type has this name
     */
    public YMap getMap(String name) {
        return (YMap) root(name, Types.MAP);
    }

    /**
     * The XML fragment of this name.
     *
     * @throws IllegalStateException if another kind of type has this name
     */
    public YXmlFragment getXmlFragment(String name) {
        return (YXmlFragment) root(name, Types.XML_FRAGMENT);
    }

    private YType root(String name, int kind) {
        int type = store.internRoot(name);
        int known = store.types.kind(type);
        if (known == Types.UNKNOWN) {
            store.types.set(type, Types.KIND, kind);
        } else if (known != kind) {
            throw new IllegalStateException(
                    "'" + name + "' is " + YType.kindName(known) + " in this document, not " + YType.kindName(kind));
        }
        return handle(type);
    }

    /** The object that users hold for a type. */
    YType handle(int type) {
        if (type >= handles.length) {
            handles = Arrays.copyOf(handles, Math.max(type + 1, 2 * handles.length));
        }
        YType handle = handles[type];
        if (handle == null) {
            handle = YType.of(this, type, store.types.kind(type));
            handles[type] = handle;
        }
        return handle;
    }

    // transactions

    /** Runs {@code body} as one transaction; see {@link #transact(Object, Runnable)}. */
    public void transact(Runnable body) {
        transact(null, body);
    }

    /**
     * Runs {@code body} as one transaction: observers are told once, others get one update. A transaction inside another is part of it. What the
     * outermost body throws takes back everything it has done, and is thrown on.
     *
     * @param origin given to listeners, to tell one's own changes
     */
    public void transact(@Nullable Object origin, Runnable body) {
        begin(origin, true);
        store.eager = false;
        boolean done = false;
        try {
            body.run();
            done = true;
        } finally {
            if (done) {
                end();
            } else {
                fail();
            }
        }
    }

    /**
     * Opens a transaction, or one inside the open one, for those whose transaction is not one block of code; see {@link #transact(Object, Runnable)} for all others.
     *
     * @param origin given to listeners, to tell one's own changes
     */
    public YOpenTransaction open(@Nullable Object origin) {
        begin(origin, true);
        store.eager = false;
        return new YOpenTransaction(this);
    }

    /**
     * Lets a partner share all transactions from now on, until the subscription is closed.
     *
     * @throws IllegalStateException if there is a partner, or inside a transaction
     */
    public YSubscription pair(YPartner with) {
        if (partner != null || depth > 0) {
            throw new IllegalStateException(
                    partner != null ? "the document has a partner" : "not inside a transaction");
        }
        partner = with;
        return () -> partner = partner == with ? null : partner;
    }

    /**
     * Opens a transaction as a proposal: what is done until its end can be looked at, and be accepted or refused.
     *
     * @param keepsBefore whether {@link Proposal#before} is wanted, for which the pages of items that the change writes are copied
     * @throws IllegalStateException if a transaction is open that has changed something
     */
    public Proposal propose(@Nullable Object proposedOrigin, boolean keepsBefore) {
        return new Proposal(this, proposedOrigin, keepsBefore);
    }

    void beginProposal(@Nullable Object proposedOrigin) {
        if (!store.changes.isEmpty()) {
            throw new IllegalStateException("the open transaction has changed something already");
        }
        begin(proposedOrigin, false);
        store.eager = false;
        store.changes.watched = true;
    }

    /** Takes in what of an update can be, and forgets the rest. */
    ApplyResult receiveProposed(byte[] update) {
        batch.decodeV1(update, 0, update.length, options.limits());
        try {
            if (contradictions != null) {
                contradictions.check(batch);
            }
            // what waits must not go on waiting, nor let in what has waited unseen
            Integrator once = new Integrator(store, options.limits(), options.time());
            once.check(batch);
            boolean complete = once.integrate(batch);
            boolean dropped = once.pending.dropped() > 0;
            return complete && !dropped
                    ? ApplyResult.COMPLETE
                    : new ApplyResult(complete, dropped, complete ? StateVector.EMPTY : once.pending.missing());
        } finally {
            batch.shrink();
        }
    }

    /** What a proposal has done is to be made ours: an edit of this document, under an id that is nobody else's. */
    void claimProposal() {
        if (depth > 1) {
            throw new IllegalStateException("the proposal is part of an outer transaction");
        }
        local = true;
        if (store.changes.hasGrown(self())) {
            clientId = randomClientId();
            self = NONE;
        }
    }

    void endProposal() {
        if (depth == 1) {
            store.changes.watched = watchers > 0;
            if (!integrator.pending.isEmpty()) {
                integrator.integrate(new StructBatch());
                waitingChanged |= !pendingListeners.isEmpty();
            }
        }
        end();
    }

    /** Ends what {@link #begin} has opened because it has failed. */
    void fail() {
        if (depth > 1) {
            end();
        } else {
            abort();
        }
    }

    private void abort() {
        depth = 0;
        store.changes.rollBack();
        store.changes.watched = watchers > 0;
        subdocsAdded.clear();
        subdocsRemoved.clear();
        subdocsLoaded.clear();
        if (partner != null) {
            partner.rollBack();
        }
    }

    /** Opens a transaction, or joins the open one. */
    void begin(@Nullable Object transactionOrigin, boolean isLocal) {
        if (depth++ == 0) {
            origin = transactionOrigin;
            local = isLocal;
            store.eager = options.gc() && !store.changes.watched;
            if (partner != null) {
                partner.begin();
            }
        }
    }

    /** Ends what {@link #begin} has opened. */
    void end() {
        if (--depth > 0) {
            return;
        }
        YPartner other = partner;
        if (other == null && !waitingChanged) {
            finish(null);
            return;
        }
        Consumer<byte[]> taker = other == null ? null : other.commit(origin, local);
        Failures failures = Failures.NONE;
        try {
            finish(taker);
        } catch (RuntimeException | AssertionError failure) {
            failures = failures.with(failure);
        }
        if (waitingChanged) {
            waitingChanged = false;
            PendingStatus status = pending();
            Failures heard = new Failures();
            pendingListeners.tell(listener -> listener.accept(status), heard);
            failures = failures.withAll(heard);
        }
        if (other != null) {
            try {
                other.tell();
            } catch (RuntimeException | AssertionError failure) {
                failures = failures.with(failure);
            }
        }
        failures.rethrow();
    }

    /** Tidies what the transaction has left, and tells of it; {@code taker} is told first. */
    private void finish(@Nullable Consumer<byte[]> taker) {
        Changes changes = store.changes;
        changes.close();
        if (changes.isEmpty() && !hasSubdocChanges()) {
            changes.join();
            changes.reset();
            if (taker != null) {
                taker.accept(NO_UPDATE);
            }
            return;
        }
        if (ended.isEmpty() && !changes.watched && !hasSubdocChanges()) {
            // nobody looks at the transaction itself: only its bytes leave
            tidy(changes, local);
            byte[] bytes = updates.isEmpty() && taker == null ? NO_UPDATE : encode(changes, writer);
            byte[] bytesV2 = updatesV2.isEmpty() ? NO_UPDATE : encode(changes, v2());
            changes.reset();
            if (taker != null) {
                taker.accept(bytes);
            }
            if (bytes != NO_UPDATE || bytesV2 != NO_UPDATE) {
                send(bytes, bytesV2, origin);
            }
            return;
        }
        YTransaction transaction = new YTransaction(this, changes, origin, local);
        origin = null;
        if (ended.isEmpty()) {
            transaction.taker = taker;
        } else if (taker != null) {
            // who made it, while another is being told of, gets its bytes now, before what is gone from it is freed
            taker.accept(changes.isEmpty() ? NO_UPDATE : encode(changes, writer));
        }
        ended.addLast(transaction);
        Changes next = spare != null ? spare : new Changes(store);
        spare = null;
        next.watched = watchers > 0;
        store.changes = next;
        if (ended.size() == 1) {
            // edits that listeners make while they are told are transactions of their own, told of after this one
            Failures failures = new Failures();
            while (!ended.isEmpty()) {
                YTransaction first = ended.getFirst();
                tell(first, failures);
                ended.removeFirst();
                first.close();
                first.changes.reset();
                spare = first.changes;
            }
            failures.rethrow();
        }
    }

    private void tell(YTransaction transaction, Failures failures) {
        Changes changes = transaction.changes;
        if (changes.watched) {
            YEvents.deliver(this, transaction, failures);
            transactions.tell(listener -> listener.accept(transaction), failures);
        }
        tidy(changes, transaction.isLocal());
        Consumer<byte[]> taker = transaction.taker;
        if (taker != null && changes.isEmpty()) {
            taker.accept(NO_UPDATE);
        }
        if (!changes.isEmpty()) {
            byte[] bytes = updates.isEmpty() && taker == null ? NO_UPDATE : encode(changes, writer);
            if (taker != null) {
                taker.accept(bytes);
            }
            byte[] bytesV2 = updatesV2.isEmpty() ? NO_UPDATE : encode(changes, v2());
            failures.addAll(tell(bytes, bytesV2, transaction.origin(), Failures.NONE));
        }
        if (hasSubdocChanges()) {
            Set<YDoc> loaded = drained(subdocsLoaded);
            Set<YDoc> added = drained(subdocsAdded);
            Set<YDoc> removed = drained(subdocsRemoved);
            subdocListeners.tell(listener -> listener.changed(loaded, added, removed), failures);
            removed.forEach(YDoc::destroy);
        }
    }

    private byte[] encode(Changes changes, UpdateWriter out) {
        out.reset();
        StateWriter.writeChanges(store, changes, out);
        return out.toByteArray();
    }

    /** Gives the bytes of a transaction to listeners; those of edits that listeners make while they are told come after. */
    private void send(byte[] bytes, byte[] bytesV2, @Nullable Object transactionOrigin) {
        if (sending) {
            unsent.addLast(new Unsent(bytes, bytesV2, transactionOrigin));
            return;
        }
        sending = true;
        Failures failures = Failures.NONE;
        try {
            failures = tell(bytes, bytesV2, transactionOrigin, failures);
            while (!unsent.isEmpty()) {
                Unsent next = unsent.removeFirst();
                failures = tell(next.bytes(), next.bytesV2(), next.origin(), failures);
            }
        } finally {
            sending = false;
        }
        failures.rethrow();
    }

    /** The bytes of a transaction that others are told of first. */
    private record Unsent(
            byte[] bytes, byte[] bytesV2, @Nullable Object origin) {}

    private Failures tell(byte[] bytes, byte[] bytesV2, @Nullable Object transactionOrigin, Failures failures) {
        Failures all = failures;
        if (bytes != NO_UPDATE) {
            all = tell(updates.now(), bytes, transactionOrigin, all);
        }
        if (bytesV2 != NO_UPDATE) {
            all = tell(updatesV2.now(), bytesV2, transactionOrigin, all);
        }
        return all;
    }

    private Failures tell(
            List<UpdateListener> listeners, byte[] bytes, @Nullable Object transactionOrigin, Failures failures) {
        Failures all = failures;
        for (int i = 0; i < listeners.size(); i++) {
            try {
                listeners.get(i).update(bytes, transactionOrigin, this);
            } catch (RuntimeException | AssertionError failure) {
                all = all.with(failure);
            }
        }
        return all;
    }

    private boolean hasSubdocChanges() {
        return !subdocsAdded.isEmpty() || !subdocsRemoved.isEmpty() || !subdocsLoaded.isEmpty();
    }

    private static Set<YDoc> drained(Set<YDoc> docs) {
        Set<YDoc> copy = new LinkedHashSet<>(docs);
        docs.clear();
        return copy;
    }

    /** Frees what is gone and joins what belongs together. */
    private void tidy(Changes changes, boolean isLocal) {
        if (options.gc() && changes.isUntidy()) {
            for (int i = changes.deleteCount() - 1; i >= 0; i--) {
                collect(changes.deleteClient(i), changes.deleteClock(i), changes.deleteLength(i));
            }
        }
        changes.join();
        store.compactText();
        if (!isLocal && self != NONE && changes.hasGrown(self)) {
            // somebody else writes under our id: what we write next must not be taken for his
            clientId = randomClientId();
            self = NONE;
        }
    }

    private void collect(int client, int from, int length) {
        Items items = store.items;
        // deletions of units that never came wait in Pending and are part of no transaction; were one to be, the item
        // found for it would lie below, and the walk would not get on
        int to = Math.min(from + length, store.clients.items(client).next);
        for (int clock = from; clock < to; ) {
            int item = store.itemAt(client, clock);
            clock = items.end(item);
            int kind = items.kind(item);
            if (kind != Items.GC && kind != Items.DELETED && items.isGone(item) && !items.is(item, Items.KEEP)) {
                store.free(item);
            }
        }
    }

    // keystrokes

    /**
     * Whether a keystroke may be a transaction of its own of which nobody but the partner and observers of types is told otherwise than by its bytes. Who is told of
     * transactions may want to keep what they delete.
     */
    private boolean isQuiet() {
        return depth == 0 && ended.isEmpty() && (store.changes.watched ? transactions.isEmpty() : updatesV2.isEmpty());
    }

    /** Inserts characters into a text if they go on with the run that is being typed. */
    boolean type(int type, int index, String text) {
        if (!isQuiet() || !typing.isTypedAt(self, type, index) || !Typing.isTypable(text)) {
            return false;
        }
        if (store.changes.watched) {
            begin(null, true);
            store.changes.willAdd(self);
            typing.type(text);
            store.changes.typed(type, index, text);
            end();
            return true;
        }
        beginKeystroke();
        typing.type(text);
        typed(text.length(), null, true);
        return true;
    }

    /** Deletes units of a text if they are the last or the first of a run from which some have been deleted before. */
    boolean trim(int type, int index, int length) {
        if (!options.gc() || !isQuiet()) {
            return false;
        }
        boolean atEnd = typing.isTrimmedTo(type, index + length, length);
        if (!atEnd && !typing.isTrimmedFrom(type, index, length)) {
            return false;
        }
        trim(type, index, atEnd, length, null, true);
        return true;
    }

    private void trim(int type, int index, boolean atEnd, int units, @Nullable Object keyOrigin, boolean isLocal) {
        if (store.changes.watched) {
            begin(keyOrigin, isLocal);
            int client = typing.client();
            int from = atEnd ? typing.trimEnd(units) : typing.trimStart(units);
            store.changes.deletedForGood(client, from, units);
            store.changes.trimmed(type, index, units);
            end();
            return;
        }
        beginKeystroke();
        int clock = atEnd ? typing.trimEnd(units) : typing.trimStart(units);
        YPartner other = partner;
        if (other == null) {
            if (!updates.isEmpty()) {
                send(typing.trimmedUpdate(clock, units), NO_UPDATE, keyOrigin);
            }
        } else {
            Consumer<byte[]> taker = other.commit(keyOrigin, isLocal);
            tell(other, taker, isHeard(taker) ? typing.trimmedUpdate(clock, units) : NO_UPDATE, keyOrigin);
        }
    }

    /** Takes in the update of somebody's keystroke of these two kinds, if it is one and nothing waits for it. */
    private boolean receive(byte[] update, @Nullable Object updateOrigin) {
        if (update.length < 4 || update[1] != 1 || !isQuiet() || !integrator.pending.isEmpty()) {
            return false;
        }
        UpdateLimits limits = options.limits();
        if (update[0] == 1) {
            int units = limits.maxStructs() == 0 ? 0 : typing.receivesTyped(update, self, limits);
            if (units == 0 || store.changes.watched && !isPlainText(typing.type())) {
                return false;
            }
            if (store.changes.watched) {
                begin(updateOrigin, false);
                int index = typing.end();
                store.changes.willAdd(typing.client());
                typing.receiveTyped(update, units);
                store.changes.typed(typing.type(), index, typing.newest(units));
                end();
                return true;
            }
            beginKeystroke();
            typing.receiveTyped(update, units);
            typed(units, updateOrigin, false);
            return true;
        }
        int units = update[0] != 0 || !options.gc() || limits.maxDeletes() == 0
                ? 0
                : typing.receivesTrimmed(update, limits);
        if (units == 0 || store.changes.watched && !isPlainText(typing.type())) {
            return false;
        }
        boolean atEnd = typing.isTrimmedAtEnd();
        int index = !store.changes.watched ? 0 : atEnd ? typing.end() - units : typing.start();
        trim(typing.type(), index, atEnd, units, updateOrigin, false);
        return true;
    }

    /** Whether observers of a list are told of typing as of typing without attributes. */
    private boolean isPlainText(int type) {
        int kind = store.types.kind(type);
        return (kind == Types.TEXT || kind == Types.XML_TEXT) && !store.types.hasFormats(type);
    }

    private void beginKeystroke() {
        if (partner != null) {
            partner.begin();
        }
    }

    /** Tells of characters that have become part of a run. */
    private void typed(int units, @Nullable Object keyOrigin, boolean isLocal) {
        YPartner other = partner;
        if (other == null) {
            if (!updates.isEmpty()) {
                send(typing.typedUpdate(units), NO_UPDATE, keyOrigin);
            }
        } else {
            Consumer<byte[]> taker = other.commit(keyOrigin, isLocal);
            tell(other, taker, isHeard(taker) ? typing.typedUpdate(units) : NO_UPDATE, keyOrigin);
        }
    }

    private boolean isHeard(@Nullable Consumer<byte[]> taker) {
        return taker != null || !updates.isEmpty();
    }

    /** Tells of a keystroke as {@link #end} does of a transaction that a partner shares. */
    private void tell(YPartner other, @Nullable Consumer<byte[]> taker, byte[] update, @Nullable Object keyOrigin) {
        Failures failures = Failures.NONE;
        try {
            if (taker != null) {
                taker.accept(update);
            }
            if (update != NO_UPDATE) {
                send(update, NO_UPDATE, keyOrigin);
            }
        } catch (RuntimeException | AssertionError failure) {
            failures = failures.with(failure);
        }
        try {
            other.tell();
        } catch (RuntimeException | AssertionError failure) {
            failures = failures.with(failure);
        }
        failures.rethrow();
    }

    // edits

    /** The number of the client whose edits are ours. */
    int self() {
        if (self == NONE) {
            self = store.clients.intern(clientId);
        }
        return self;
    }

    /** Room for characters on their way into the document; of the next caller from the next call on. */
    char[] chars(int length) {
        if (scratch.length < length) {
            scratch = new char[Math.max(length, 2 * scratch.length)];
        } else if (scratch.length > 1 << 16 && length < 1 << 10) {
            scratch = new char[1 << 10];
        }
        return scratch;
    }

    /** A new item of ours between two neighbours. */
    int add(int type, int entry, int left, int right, int kindAndFlags, int content, int length) {
        Items items = store.items;
        int item = store.add(
                self(),
                length,
                left == NONE ? NONE : items.client(left),
                left == NONE ? 0 : items.end(left) - 1,
                right == NONE ? NONE : items.client(right),
                right == NONE ? 0 : items.clock(right),
                kindAndFlags,
                content);
        store.place(item, left, right, type, entry);
        return item;
    }

    /** Throws if a cut after {@code keep} units would separate the halves of a character. */
    void checkCut(int item, int keep) {
        if (items().is(item, Items.WIDE) && items().kind(item) == Items.STRING) {
            int at = items().content(item) + keep;
            if (Character.isHighSurrogate(store.arena.wide[at - 1]) && Character.isLowSurrogate(store.arena.wide[at])) {
                throw new IllegalArgumentException("the index is inside a character of two units");
            }
        }
    }

    private Items items() {
        return store.items;
    }

    /** Inserts what is not a string into a text, as part of a delta. */
    void insertInto(TextEditor.Position at, @Nullable Object value, Map<String, @Nullable Object> attributes) {
        if (value instanceof YDoc subdoc) {
            addSubdoc(subdoc, content -> texts.insertContent(at, Items.DOC, content, attributes));
        } else if (value instanceof YType) {
            throw new IllegalArgumentException("a type belongs to one place; insert a new one");
        } else {
            texts.insertContent(at, Items.EMBED, new EmbedContent(JsValue.normalize(value, JsValue.DEPTH)), attributes);
        }
    }

    /** Puts a document of its own under this one; {@code insertion} makes the item. */
    void addSubdoc(YDoc subdoc, Consumer<DocContent> insertion) {
        if (subdoc.parent != null) {
            throw new IllegalStateException("the document is part of another one: " + subdoc.guid());
        }
        arriving = subdoc;
        try {
            insertion.accept(subdoc.options.content());
        } finally {
            arriving = null;
        }
    }

    /** The document that an item holds. */
    YDoc subdoc(int item) {
        YDoc known = subdocs.get(item);
        if (known == null) {
            throw new IllegalStateException("the document has been removed");
        }
        return known;
    }

    /** What a store tells of types and subdocuments. */
    private final class StoreObserver implements Store.Observer {
        @Override
        public void typeDropped(int type) {
            if (type < handles.length) {
                YType handle = handles[type];
                if (handle != null) {
                    handle.drop();
                    handles[type] = null;
                }
            }
        }

        @Override
        public void documentAdded(int item, DocContent content) {
            YDoc subdoc = arriving != null ? arriving : create(YDocOptions.of(content));
            arriving = null;
            subdoc.parent = YDoc.this;
            subdocs.put(item, subdoc);
            subdocsAdded.add(subdoc);
            if (subdoc.shouldLoad) {
                subdocsLoaded.add(subdoc);
            }
        }

        @Override
        public void documentRemoved(int item, DocContent content) {
            YDoc subdoc = subdocs.remove(item);
            if (subdoc != null) {
                if (!subdocsAdded.remove(subdoc)) {
                    subdocsRemoved.add(subdoc);
                }
                subdocsLoaded.remove(subdoc);
                subdoc.parent = null;
            }
        }
    }

    // updates

    /**
     * Takes in an update of the first encoding, whole or not at all.
     *
     * @return whether all of it could be taken in, or some waits for earlier updates
     * @throws MalformedUpdateException if the bytes are not an update, exceed a limit, or contradict what is known under
     *     their ids; nothing has changed then
     */
    public ApplyResult applyUpdate(byte[] update) {
        return applyUpdate(update, null);
    }

    /** As {@link #applyUpdate(byte[])}, with an origin for listeners. */
    public ApplyResult applyUpdate(byte[] update, @Nullable Object origin) {
        if (receive(update, origin)) {
            return ApplyResult.COMPLETE;
        }
        if (update.length >= LARGE_BYTES && store.items.limit() == 0) {
            batch.decodeV1InPlace(update, options.limits());
        } else {
            batch.decodeV1(update, 0, update.length, options.limits());
        }
        return integrate(origin);
    }

    /** As {@link #applyUpdate(byte[])}, for the second encoding. */
    public ApplyResult applyUpdateV2(byte[] update) {
        return applyUpdateV2(update, null);
    }

    /** As {@link #applyUpdateV2(byte[])}, with an origin for listeners. */
    public ApplyResult applyUpdateV2(byte[] update, @Nullable Object origin) {
        batch.decodeV2(update, 0, update.length, options.limits());
        return integrate(origin);
    }

    private ApplyResult integrate(@Nullable Object updateOrigin) {
        if (contradictions != null) {
            contradictions.check(batch);
        }
        integrator.check(batch);
        begin(updateOrigin, false);
        try {
            long dropped = integrator.pending.dropped();
            boolean waited = !integrator.pending.isEmpty();
            boolean complete = integrator.integrate(batch);
            boolean droppedMore = integrator.pending.dropped() > dropped;
            waitingChanged |=
                    !pendingListeners.isEmpty() && (!complete || droppedMore || waited && integrator.pending.isEmpty());
            return complete && !droppedMore
                    ? ApplyResult.COMPLETE
                    : new ApplyResult(
                            complete, droppedMore, complete ? StateVector.EMPTY : integrator.pending.missing());
        } finally {
            batch.shrink();
            end();
        }
    }

    /** The whole document as an update of the first encoding, with what waits for earlier updates. */
    public byte[] encodeStateAsUpdate() {
        return encodeStateAsUpdate(NOTHING);
    }

    /** What a holder of {@code known} lacks, as an update of the first encoding. */
    public byte[] encodeStateAsUpdate(StateVector known) {
        writer.reset();
        StateWriter.writeState(store, known, writer);
        byte[] state = writer.toByteArray();
        if (integrator.pending.isEmpty()) {
            return state;
        }
        List<byte[]> all = new ArrayList<>();
        all.add(state);
        for (byte[] update : integrator.pending.encode()) {
            all.add(Updates.diff(update, known));
        }
        return Updates.merge(all);
    }

    /** As {@link #encodeStateAsUpdate(StateVector)}, for the bytes of a state vector. */
    public byte[] encodeStateAsUpdate(byte[] encodedStateVector) {
        return encodeStateAsUpdate(StateVector.decode(encodedStateVector));
    }

    /** As {@link #encodeStateAsUpdate()}, in the second encoding. */
    public byte[] encodeStateAsUpdateV2() {
        return encodeStateAsUpdateV2(NOTHING);
    }

    /** As {@link #encodeStateAsUpdate(StateVector)}, in the second encoding. */
    public byte[] encodeStateAsUpdateV2(StateVector known) {
        if (!integrator.pending.isEmpty()) {
            return Updates.convertV1toV2(encodeStateAsUpdate(known));
        }
        UpdateWriter v2 = v2();
        StateWriter.writeState(store, known, v2);
        return v2.toByteArray();
    }

    /** As {@link #encodeStateAsUpdateV2(StateVector)}, for the bytes of a state vector. */
    public byte[] encodeStateAsUpdateV2(byte[] encodedStateVector) {
        return encodeStateAsUpdateV2(StateVector.decode(encodedStateVector));
    }

    private UpdateWriter v2() {
        UpdateWriter v2 = writerV2;
        if (v2 == null) {
            v2 = UpdateWriter.v2();
            writerV2 = v2;
        }
        v2.reset();
        return v2;
    }

    /** For each client the next clock. Says nothing of deletions. */
    public StateVector stateVector() {
        return store.stateVector();
    }

    /** The bytes of {@link #stateVector}. */
    public byte[] encodeStateVector() {
        return stateVector().encode();
    }

    /** All units that are deleted. O(items) */
    public DeleteSet deleteSet() {
        return StateWriter.deleteSet(store);
    }

    /** What the document is now, as a thing to compare and to go back to. O(items) */
    public YSnapshot snapshot() {
        return new YSnapshot(stateVector(), deleteSet());
    }

    /**
     * A new document as this one was.
     *
     * @throws IllegalStateException if this document collects garbage, so that what was deleted since is not there any more
     * @throws IllegalArgumentException if the snapshot is not of this document's past
     */
    public YDoc restore(YSnapshot snapshot) {
        if (options.gc()) {
            throw new IllegalStateException("a document that collects garbage cannot be restored to an earlier state");
        }
        YDoc restored = create(options.withClientId(-1));
        restored.applyUpdate(StateRestorer.encode(store, snapshot));
        return restored;
    }

    /**
     * Drops what has waited for earlier updates longer than {@link UpdateLimits#maxPendingMillis()}, which otherwise happens when the next update comes. Those who
     * are told of what waits are told if there was any. O(what waits)
     *
     * @return how much waits still
     * @throws IllegalStateException inside a transaction
     */
    public PendingStatus expirePending() {
        if (depth > 0) {
            throw new IllegalStateException("not inside a transaction");
        }
        long dropped = integrator.pending.dropped();
        integrator.pending.expire();
        PendingStatus status = pending();
        if (status.dropped() > dropped) {
            Failures failures = new Failures();
            pendingListeners.tell(listener -> listener.accept(status), failures);
            failures.rethrow();
        }
        return status;
    }

    /** How much waits for updates that have not come. O(what waits) */
    public PendingStatus pending() {
        Pending pending = integrator.pending;
        return new PendingStatus(
                pending.structCount(),
                pending.deleteCount(),
                pending.bytes(),
                pending.dropped(),
                pending.millis(),
                pending.isEmpty() ? StateVector.EMPTY : pending.missing());
    }

    // reading

    /** An immutable copy for any thread. O(1) */
    public YDocView view() {
        return new YDocView(store.freeze());
    }

    /** All roots that somebody has asked for or that are plain to tell, as plain values by name. */
    public Map<String, Object> toJson() {
        return Reader.json(store);
    }

    /** Throws an {@link AssertionError} unless the document hangs together. O(items); for tests. */
    public void checkInvariants() {
        store.checkInvariants();
    }

    // listeners

    /** Calls {@code listener} after each transaction that has changed something, with its update in the first encoding. */
    public YSubscription onUpdate(UpdateListener listener) {
        return updates.add(listener);
    }

    /** As {@link #onUpdate}, in the second encoding. */
    public YSubscription onUpdateV2(UpdateListener listener) {
        return updatesV2.add(listener);
    }

    /** Calls {@code listener} after each transaction that has changed something, after the observers of types and before updates. */
    public YSubscription afterTransaction(Consumer<YTransaction> listener) {
        YSubscription subscription = transactions.add(listener);
        watch(1);
        return () -> {
            if (transactions.contains(listener)) {
                subscription.close();
                watch(-1);
            }
        };
    }

    /**
     * Calls {@code listener} after each update that leaves something waiting for earlier ones, or after which something is dropped, and when nothing waits any
     * more; after those who are told of the transaction.
     */
    public YSubscription onPending(Consumer<PendingStatus> listener) {
        return pendingListeners.add(listener);
    }

    /** Calls {@code listener} after each transaction in which subdocuments have come, gone, or asked to be loaded. */
    public YSubscription onSubdocs(SubdocsListener listener) {
        return subdocListeners.add(listener);
    }

    /** One more, or one fewer, wants to know which types change. */
    void watch(int more) {
        watchers += more;
        if (depth == 0) {
            store.changes.watched = watchers > 0;
        } else {
            store.changes.watched |= watchers > 0;
        }
    }

    // subdocuments

    /** The documents that stand in this one. */
    public Set<YDoc> subdocs() {
        return new LinkedHashSet<>(subdocs.values());
    }

    /** Whether somebody wants the content of this subdocument. */
    public boolean shouldLoad() {
        return shouldLoad;
    }

    /** Asks whoever provides subdocuments of the parent for the content of this one. */
    public void load() {
        YDoc above = parent;
        if (above != null && !shouldLoad) {
            above.begin(null, true);
            above.subdocsLoaded.add(this);
            above.end();
        }
        shouldLoad = true;
    }

    /** Ends this document: its listeners are not called any more, nor are those of the documents in it. */
    public void destroy() {
        subdocs.values().forEach(YDoc::destroy);
        updates.clear();
        updatesV2.clear();
        transactions.clear();
        subdocListeners.clear();
        pendingListeners.clear();
    }

    @Override
    public String toString() {
        return "YDoc[client " + clientId + ", " + stateVector() + "]";
    }
}
