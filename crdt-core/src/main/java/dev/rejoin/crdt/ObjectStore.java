package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.DotRanges;
import dev.rejoin.crdt.clock.HybridClock;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.crdt.clock.Version;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The objects of one document: one causal context, the live cells, and a view for each object.
 *
 * <p>Mutable, single-owner: one thread at a time. {@link #freeze} gives other threads an immutable copy in O(1).
 *
 * <h2>Cells</h2>
 *
 * <p>A dot is a long here ({@link PackedDot}). Cells live in pages per replica ({@link ReplicaCells}); views hold dots and read
 * payloads through the pages. The writer finds pages by dot or number in a {@link PageTable}.
 *
 * <h2>Two layers</h2>
 *
 * <p>A replica that nobody judges confirms its own writes as it makes them. A judged one keeps them <em>pending</em>: their cells are in
 * the pages, but their dots are not in the context, and the cells they remove are only hidden, counted per cell in
 * {@link Hidings}. What is visible is confirmed ⊔ pending. A verdict takes a pending transaction off in one step: accepted, its removals
 * become real and its dots join the context; voided, its cells go and what it alone hid shows again.
 *
 * <h2>Snapshots</h2>
 *
 * <p>Directories and pages carry the stamp of their writer. Freezing hands out the current arrays and changes the stamp, so that
 * the next write copies the page and the directory it touches, and nothing else.
 */
public final class ObjectStore {
    /** Replicas that one store can number. */
    public static final int MAX_REPLICAS = PackedDot.MAX_REPLICAS;

    /** How far ahead of our own clock a stamp may be and still push it, in milliseconds. */
    static final long MAX_CLOCK_LEAD_MILLIS = 60_000;

    /** Never leaves the process; makes colliding hash codes unpredictable. */
    private static final long HASH_KEY_0 = ReplicaId.random().bits();

    private static final long HASH_KEY_1 = ReplicaId.random().bits();

    final int hashSeed = (int) HASH_KEY_0;

    private final ReplicaId self;
    private final boolean judged;
    private final TimeSource time;
    private final HybridClock clock;

    private final ReplicaDirectory replicas = new ReplicaDirectory();
    private final PageTable pages = new PageTable();
    private int liveCells;
    private final ObjectDirectory objects = new ObjectDirectory(this);

    /** The highest own counter ever used. */
    private long issued;

    /** Own dots up to here are confirmed; in a store that nobody judges, all. */
    private long judgedThrough = Long.MAX_VALUE;

    private final ArrayList<PendingTransaction> pending = new ArrayList<>();
    private final Hidings hidings = new Hidings();

    private final OpenTransaction transaction;
    private long transactionNumber;
    private final RecentClaims recent = new RecentClaims(replicas.index);
    private @Nullable Version version;

    private final Events events = new Events();
    private long probes;

    /** The bits of a page's hash that digests show; tests narrow it. */
    long pageHashMask = -1;

    /**
     * A store that writes as {@code self}.
     *
     * @param judged whether its writes stay pending until {@link #confirm}
     */
    public ObjectStore(ReplicaId self, boolean judged, TimeSource time) {
        this.self = self;
        this.judged = judged;
        this.time = time;
        this.clock = new HybridClock(time);
        replicas.intern(self);
        transaction = new OpenTransaction(self, replicas);
        if (judged) {
            judgedThrough = 0;
        }
    }

    // dots

    ReplicaId replicaOf(long dot) {
        return replicas.idOf(dot);
    }

    Object payload(long dot) {
        return pages.holding(dot).payload(place(dot));
    }

    /** The place of a dot in its page, or of a handle in the page that it numbers. */
    private static int place(long dot) {
        return (int) dot & CellPage.SIZE - 1;
    }

    /** The handle of a live cell, which is never 0 and stays while the cell lives. */
    int handle(long dot) {
        return pages.holding(dot).number << CellPage.SHIFT | place(dot);
    }

    Object payloadAt(int handle) {
        return pages.of(handle).payload(place(handle));
    }

    long dotAt(int handle) {
        return pages.of(handle).first | place(handle);
    }

    /** Whether an own cell awaits its verdict. */
    boolean isPendingDot(long dot) {
        return PackedDot.replica(dot) == 0 && PackedDot.counter(dot) > judgedThrough;
    }

    /** Ascending by replica id and counter, sign bits cleared. */
    long[] inDotOrder(long[] dots) {
        for (int i = 0; i < dots.length; i++) {
            dots[i] &= Long.MAX_VALUE;
        }
        return replicas.inDotOrder(dots);
    }

    /** The same without those whose sign bit says hidden. */
    long[] visibleInDotOrder(long[] dots) {
        int kept = 0;
        for (long dot : dots) {
            if (dot > 0) {
                dots[kept++] = dot;
            }
        }
        return replicas.inDotOrder(kept == dots.length ? dots : Arrays.copyOf(dots, kept));
    }

    /** A hash of the canonical bytes that nobody without the key can steer. */
    int keyedHash(Object element) {
        long hash = SipHash.hash(HASH_KEY_0, HASH_KEY_1, Values.encode(element));
        return (int) (hash ^ hash >>> 32);
    }

    // objects

    /** The view of an object, made at first sight. */
    View view(ObjectKey key) {
        return objects.view(key);
    }

    /** Objects that take memory here, some of them empty. */
    int objectCount() {
        return objects.size();
    }

    MapView root() {
        return objects.root();
    }

    /** The view of an object if there is one; reading does not make any. */
    @Nullable
    View existing(ObjectKey key) {
        return objects.existing(key);
    }

    /** A typed handle on the object that a key names; the key's type must be the handle's. */
    public GCounter gcounter(ObjectKey key) {
        return new GCounter(this, typed(key, ObjectType.GCOUNTER));
    }

    /** As {@link #gcounter}. */
    public PNCounter counter(ObjectKey key) {
        return new PNCounter(this, typed(key, ObjectType.PNCOUNTER));
    }

    /** As {@link #gcounter}. */
    public <T> LwwRegister<T> register(ObjectKey key, ValueCodec<T> codec) {
        return new LwwRegister<>(this, typed(key, ObjectType.LWW_REGISTER), codec);
    }

    /** As {@link #gcounter}. */
    public <T> MvRegister<T> mvRegister(ObjectKey key, ValueCodec<T> codec) {
        return new MvRegister<>(this, typed(key, ObjectType.MV_REGISTER), codec);
    }

    /** As {@link #gcounter}; add-wins or remove-wins by the key's type. */
    public <E> OrSet<E> set(ObjectKey key, ValueCodec<E> codec) {
        return new OrSet<>(
                this, key.typeCode() == ObjectType.RW_SET.code() ? key : typed(key, ObjectType.OR_SET), codec);
    }

    /** As {@link #gcounter}; enable-wins or disable-wins by the key's type. */
    public Flag flag(ObjectKey key) {
        return new Flag(this, key.typeCode() == ObjectType.DW_FLAG.code() ? key : typed(key, ObjectType.FLAG));
    }

    /** As {@link #gcounter}. */
    public OrMap map(ObjectKey key) {
        return new OrMap(this, typed(key, ObjectType.MAP));
    }

    private static ObjectKey typed(ObjectKey key, ObjectType type) {
        if (key.typeCode() != type.code()) {
            throw new IllegalArgumentException("not a " + type.label() + ": " + key);
        }
        return key;
    }

    /** The objects at the root that are present, ascending by name, then type. */
    public List<ObjectKey> rootObjects() {
        return objects.root().presentChildren();
    }

    /** Whether a pending write has made or hidden any part of an object. O(cells of the object) */
    public boolean isPending(ObjectKey key) {
        View view = objects.existing(key);
        if (view == null || pending.isEmpty()) {
            return false;
        }
        if (view instanceof MapView map) {
            for (View child : map.allChildren()) {
                if (isPending(child.key)) {
                    return true;
                }
            }
            return false;
        }
        return anyPending(view.dots());
    }

    /** Whether a pending write has added or hidden an element of a set. O(1) */
    public boolean isPending(ObjectKey set, Object element) {
        return !pending.isEmpty()
                && objects.existing(set) instanceof SetView view
                && anyPending(view.markedDotsOf(Values.canonical(element)));
    }

    private boolean anyPending(long[] dots) {
        for (long dot : dots) {
            if (dot < 0 || isPendingDot(dot)) {
                return true;
            }
        }
        return false;
    }

    // cells

    private void insert(int replica, long counter, View view, Object payload) {
        events.touch(view);
        replicas.writable(replica).put(pages, counter, view.index, payload);
        liveCells++;
        view.put(PackedDot.of(replica, counter), payload);
        probes++;
    }

    private void drop(long dot) {
        CellPage page = pages.holding(dot);
        View view = objects.holding(page.object(place(dot)));
        events.touch(view);
        view.take(dot, page.payload(place(dot)), hidings.forget(dot));
        discard(page, dot);
    }

    /** Takes a cell off its page once no view shows it any more. */
    private void discard(CellPage page, long dot) {
        replicas.writable(PackedDot.replica(dot)).remove(pages, page, place(dot));
        liveCells--;
        probes++;
    }

    private void show(long dot, boolean visible) {
        CellPage page = pages.holding(dot);
        View view = objects.holding(page.object(place(dot)));
        events.touch(view);
        view.hide(dot, page.payload(place(dot)), !visible);
    }

    private boolean isLive(long dot) {
        CellPage page = pages.find(dot);
        return page != null && page.isLive(place(dot));
    }

    /** Cells written or removed so far; for tests that bound the work of an operation. */
    long cellsTouched() {
        return probes;
    }

    // transactions

    /** Whether a transaction is open. */
    public boolean inTransaction() {
        return transaction.isOpen();
    }

    /** Opens a transaction, or joins the open one. */
    public void begin() {
        if (transaction.depth++ == 0) {
            objects.sweepIfDue();
            transaction.first = issued + 1;
            transactionNumber++;
        }
    }

    /**
     * A stamp above all of a register. A stamp from the far future is topped there, but does not push the clock, so that it spoils
     * one register and not all.
     */
    long stampFor(RegisterView register) {
        long highest = register.highestStamp();
        if (highest > clock.last() && HybridClock.millis(highest) - time.millis() <= MAX_CLOCK_LEAD_MILLIS) {
            clock.observe(highest);
        }
        long now = clock.now();
        return now > highest ? now : highest == Long.MAX_VALUE ? highest : highest + 1;
    }

    void write(View view, Object payload) {
        insert(0, transaction.issue(view.key, payload), view, payload);
    }

    /** Writes the first cell of an element of a set, for which the view has just looked in vain. */
    void writeFirst(SetView view, Object element) {
        events.touch(view);
        long counter = transaction.issue(view.key, element);
        addFirst(view, counter, element);
    }

    private void addFirst(SetView view, long counter, Object element) {
        view.addProbed(replicas.writable(0).put(pages, counter, view.index, element), element);
        liveCells++;
        probes++;
    }

    /** Writes a cell in place of an observed one: as {@link #write} and {@link #erase}, with less to look up. */
    void replace(View view, long old, Object payload) {
        if (judged || transaction.wrote(old)) {
            write(view, payload);
            erase(old);
            return;
        }
        events.touch(view);
        long counter = transaction.issue(view.key, payload);
        Object oldPayload = payload(old);
        transaction.remember(old, view.key, oldPayload);
        replicas.writable(0).put(pages, counter, view.index, payload);
        liveCells++;
        view.exchange(old, oldPayload, counter, payload);
        probes++;
        discard(pages.holding(old), old);
    }

    /** The same for the only cell of an element of a set, which the view has found already. */
    void replaceSole(SetView view, int at, Object element) {
        int handle = view.handleAt(at);
        long old = dotAt(handle);
        if (judged || transaction.wrote(old)) {
            replace(view, old, element);
            return;
        }
        events.touch(view);
        long counter = transaction.issue(view.key, element);
        transaction.remember(old, view.key, payloadAt(handle));
        view.replaceAt(at, replicas.writable(0).put(pages, counter, view.index, element));
        liveCells++;
        probes++;
        discard(pages.of(handle), old);
    }

    /** Removes the only cell of an element of a set, which the view has found already. */
    void eraseSole(SetView view, int at) {
        int handle = view.handleAt(at);
        CellPage page = pages.of(handle);
        long dot = page.first | place(handle);
        if (judged || transaction.wrote(dot)) {
            erase(dot);
            return;
        }
        events.touch(view);
        Object element = page.payload(place(handle));
        transaction.remember(dot, view.key, element);
        view.removeAt(at, element);
        discard(page, dot);
    }

    /**
     * Whether a single change of a set may be written and committed at once, without a transaction to hold it: nobody judges, no transaction is open,
     * and nobody wants to hear of it. Such a change cannot fail halfway, so there is nothing to take back. {@code SetMutationBenchmark}
     */
    boolean writesAlone() {
        if (judged || transaction.isOpen() || events.areHeard()) {
            return false;
        }
        objects.sweepIfDue();
        return true;
    }

    private long nextCounter() {
        if (issued == Dot.MAX_COUNTER) {
            throw new IllegalStateException("replica has used up its counters");
        }
        return issued + 1;
    }

    /** {@link #writeFirst} as a transaction of its own. */
    Delta writeFirstAlone(SetView view, Object element) {
        long counter = nextCounter();
        Delta delta = transaction.one(new Cell(view.key, element), counter);
        addFirst(view, counter, element);
        committedAlone(counter, 0);
        return delta;
    }

    /** {@link #replaceSole} as a transaction of its own; null if the cell that goes is of another replica. */
    @Nullable
    Delta replaceSoleAlone(SetView view, int at, Object element) {
        int handle = view.handleAt(at);
        CellPage page = pages.of(handle);
        long old = page.first | place(handle);
        if (PackedDot.replica(old) != 0) {
            return null;
        }
        long counter = nextCounter();
        Delta delta = transaction.oneForOne(new Cell(view.key, element), counter, old);
        view.replaceAt(at, replicas.writable(0).put(pages, counter, view.index, element));
        liveCells++;
        probes++;
        // put may have copied the page
        discard(pages.of(handle), old);
        committedAlone(counter, old);
        return delta;
    }

    /** {@link #eraseSole} as a transaction of its own; null if the cell is of another replica. */
    @Nullable
    Delta eraseSoleAlone(SetView view, int at, Object element) {
        int handle = view.handleAt(at);
        CellPage page = pages.of(handle);
        long dot = page.first | place(handle);
        if (PackedDot.replica(dot) != 0) {
            return null;
        }
        long counter = nextCounter();
        Delta delta = transaction.oneForOne(null, counter, dot);
        view.removeAt(at, element);
        discard(page, dot);
        committedAlone(counter, dot);
        return delta;
    }

    private void committedAlone(long counter, long removed) {
        transactionNumber++;
        issued = counter;
        replicas.writable(0).writableContext().addRange(counter, counter);
        version = null;
        recent.addOwn(counter, removed, liveCells);
    }

    /** Removes an observed cell. */
    void erase(long dot) {
        if (transaction.wrote(dot)) {
            drop(dot);
            transaction.unwrite(dot);
            return;
        }
        if (judged && !hide(dot)) {
            return;
        }
        CellPage page = pages.holding(dot);
        transaction.remember(dot, objects.key(page.object(place(dot))), page.payload(place(dot)));
        if (!judged) {
            drop(dot);
        }
    }

    /** Hides a cell for the transaction of the present number; false if it did so before. */
    private boolean hide(long dot) {
        Hidings.Outcome outcome = hidings.hide(dot, transactionNumber);
        if (outcome == Hidings.Outcome.HIDDEN) {
            show(dot, false);
        }
        return outcome != Hidings.Outcome.UNCHANGED;
    }

    boolean isJudged() {
        return judged;
    }

    /** Closes a transaction; the outermost close commits and returns its delta, others return the empty one. */
    public Delta end(@Nullable Object origin) {
        if (transaction.depth > 1) {
            transaction.depth--;
            return Delta.EMPTY;
        }
        return close(judged ? transaction.mutations() : List.of(), origin);
    }

    /** Commits the outermost transaction and describes what it did. */
    public Commit commit(@Nullable Object origin) {
        if (transaction.depth != 1) {
            throw new IllegalStateException("not the outermost transaction");
        }
        // a keystroke in the content is a transaction of the objects too, in which nothing happens to them
        List<Mutation> mutations = transaction.isEmpty() ? List.of() : transaction.mutations();
        Delta delta = close(mutations, origin);
        return new Commit(delta, delta.isEmpty() ? List.of() : mutations, origin);
    }

    private Delta close(List<Mutation> mutations, @Nullable Object origin) {
        if (transaction.isEmpty()) {
            transaction.reset();
            events.nothingHappened();
            return Delta.EMPTY;
        }
        Delta delta = seal(mutations);
        events.announce(CommitEvent.Kind.LOCAL, origin);
        return delta;
    }

    /** Makes the open transaction one of those that stand or are pending. */
    private Delta seal(List<Mutation> mutations) {
        long first = transaction.first;
        long last = transaction.last();
        Delta delta = transaction.delta();
        issued = last;
        if (judged) {
            pending.add(new PendingTransaction(first, last, delta, mutations));
        } else {
            replicas.writable(0).writableContext().addRange(first, last);
            version = null;
            recent.add(delta, liveCells);
        }
        transaction.reset();
        return delta;
    }

    /** Takes back everything the open transaction has done, however deep; its dots were never seen by anybody. */
    public void rollback() {
        transaction.forEachWritten(this::drop);
        transaction.forEachRemoved((dot, object, payload) -> {
            if (!judged) {
                insert(PackedDot.replica(dot), PackedDot.counter(dot), view(object), payload);
            } else if (hidings.takeBack(dot)) {
                show(dot, true);
            }
        });
        transaction.reset();
        events.forgetTouched();
    }

    /** Leaves a transaction that failed: the outermost takes everything back, an inner one leaves that to it. */
    public void abort() {
        if (transaction.depth > 1) {
            transaction.depth--;
        } else {
            rollback();
        }
    }

    private void release(long dot) {
        if (hidings.release(dot)) {
            show(dot, true);
        }
    }

    private void requireNoTransaction() {
        if (transaction.isOpen()) {
            throw new IllegalStateException("not inside a transaction");
        }
    }

    // joining

    /**
     * Joins a delta or state. Lost, repeated and reordered deltas do no harm. O(cells and runs of the delta), whatever the
     * size of the store.
     *
     * @throws ReplicaConflictException if a cell differs from the one held under the same dot, or the delta claims dots of this
     *     replica that it never issued; nothing has changed then
     */
    public void merge(Delta delta, @Nullable Object origin) {
        checkMerge(delta);
        if (delta.isEmpty()) {
            events.nothingHappened();
            return;
        }
        objects.sweepIfDue();
        join(delta);
        events.announce(CommitEvent.Kind.REMOTE, origin);
    }

    /**
     * Does nothing if {@link #merge} would succeed now.
     *
     * @throws ReplicaConflictException if it would not
     */
    public void checkMerge(Delta delta) {
        requireNoTransaction();
        check(delta);
    }

    private void check(Delta delta) {
        int cell = 0;
        int run = 0;
        for (int section = 0; section < delta.replicas.length; section++) {
            ReplicaId id = delta.replicas[section];
            int index = replicas.find(id);
            ReplicaCells cells = index < 0 ? null : replicas.get(index);
            for (; run < delta.runEnds[section]; run++) {
                long high = delta.runs[2 * run] >>> 1;
                long low = delta.runs[2 * run + 1];
                if (index == 0 && high > Math.min(issued, judgedThrough)) {
                    throw new ReplicaConflictException(
                            "somebody else writes as this replica; it must take a new id", new Dot(id, high));
                }
                if ((delta.runs[2 * run] & 1) == 0) {
                    continue;
                }
                int count = (int) (high - low + 1);
                if (cells != null && cells.context.intersects(low, high)) {
                    for (int i = 0; i < count; i++) {
                        long counter = high - i;
                        CellPage page = pages.find(PackedDot.of(index, counter));
                        if (page != null && page.isLive(place(counter))) {
                            Cell theirs = delta.cells[cell + i];
                            if (!objects.key(page.object(place(counter))).equals(theirs.object())
                                    || !page.payload(place(counter)).equals(theirs.payload())) {
                                throw new ReplicaConflictException(
                                        "two different cells under one dot", new Dot(id, counter));
                            }
                        }
                    }
                }
                cell += count;
            }
        }
    }

    private void join(Delta delta) {
        int cell = 0;
        int run = 0;
        for (int section = 0; section < delta.replicas.length; section++) {
            int index = replicas.intern(delta.replicas[section]);
            long base = PackedDot.of(index, 0);
            for (; run < delta.runEnds[section]; run++) {
                long high = delta.runs[2 * run] >>> 1;
                long low = delta.runs[2 * run + 1];
                if ((delta.runs[2 * run] & 1) == 0) {
                    if (low == high) {
                        if (isLive(base | low)) {
                            drop(base | low);
                        }
                        continue;
                    }
                    long live = replicas.get(index).floor(high);
                    while (live >= low) {
                        drop(base | live);
                        live = replicas.get(index).floor(live - 1);
                    }
                } else {
                    DotRanges known = replicas.get(index).context;
                    for (long counter = high; counter >= low; counter--) {
                        Cell theirs = delta.cells[cell++];
                        if (!known.contains(counter)) {
                            insert(index, counter, view(theirs.object()), theirs.payload());
                        }
                    }
                }
            }
            delta.addClaims(section, replicas.writable(index).writableContext());
        }
        version = null;
        if (!judged) {
            recent.add(delta, liveCells);
        }
    }

    /**
     * Takes the pending transactions up to own dot {@code ackedThrough} off: those named in {@code voided} are refused, the others accepted;
     * then joins what others did. One step and one event: what is the same afterwards is not announced.
     *
     * @param ackedThrough the last dot of a pending transaction, or one already judged (0 = nothing new)
     * @throws IllegalArgumentException if {@code ackedThrough} is inside a transaction or beyond the last
     * @throws ReplicaConflictException as {@link #merge}
     */
    public void confirm(Delta remote, long ackedThrough, List<DotRange> voided) {
        confirm(remote, ackedThrough, voided, List.of());
    }

    /**
     * The same, and what shows then of the cells of each of these deltas is taken off, as a pending transaction of this store's own without typed changes. It is all one step
     * and one event: a cell that comes and is taken off is not announced. Cells that somebody else has written in their place stay. O(cells of these deltas) besides
     *
     * @return what each of these transactions does, in the same order; where nothing was to be taken off there is none, and its delta is empty
     * @throws IllegalStateException if nobody judges this store, and there are such deltas
     */
    public List<Delta> confirm(Delta remote, long ackedThrough, List<DotRange> voided, List<Delta> unwanted) {
        requireNoTransaction();
        if (!judged && !unwanted.isEmpty()) {
            throw new IllegalStateException("nobody judges this replica");
        }
        objects.sweepIfDue();
        int judgedNow = 0;
        while (judgedNow < pending.size() && pending.get(judgedNow).last() <= ackedThrough) {
            judgedNow++;
        }
        if (judgedNow > 0 ? pending.get(judgedNow - 1).last() != ackedThrough : ackedThrough > judgedThrough) {
            throw new IllegalArgumentException("no pending transaction ends at dot " + ackedThrough);
        }
        long before = judgedThrough;
        judgedThrough = Math.max(judgedThrough, ackedThrough);
        try {
            check(remote);
        } catch (ReplicaConflictException conflict) {
            judgedThrough = before;
            throw conflict;
        }
        for (PendingTransaction decided : pending.subList(0, judgedNow)) {
            settle(decided, isVoided(decided, voided));
        }
        pending.subList(0, judgedNow).clear();
        if (!remote.isEmpty()) {
            join(remote);
        }
        List<Delta> takenOff = new ArrayList<>(unwanted.size());
        for (Delta each : unwanted) {
            takenOff.add(takeOff(each));
        }
        events.announce(CommitEvent.Kind.REMOTE, null);
        return takenOff;
    }

    private Delta takeOff(Delta unwanted) {
        transaction.depth++;
        transaction.first = issued + 1;
        transactionNumber++;
        unwanted.forEachCell((replica, counter, object, payload) -> {
            long dot = find(replica, counter, object, payload);
            if (dot != 0 && !hidings.isHidden(dot)) {
                erase(dot);
            }
        });
        if (transaction.isEmpty()) {
            transaction.reset();
            return Delta.EMPTY;
        }
        return seal(List.of());
    }

    /** The dot of a cell that is here, hidden or not, or 0. */
    private long find(ReplicaId replica, long counter, ObjectKey object, Object payload) {
        int index = replicas.find(replica);
        if (index < 0) {
            return 0;
        }
        long dot = PackedDot.of(index, counter);
        CellPage page = pages.find(dot);
        return page != null
                        && page.isLive(place(dot))
                        && objects.key(page.object(place(dot))).equals(object)
                        && page.payload(place(dot)).equals(payload)
                ? dot
                : 0;
    }

    /** Whether any of the cells of a delta is here, shown or hidden by a pending transaction. O(its cells) */
    public boolean holdsAny(Delta cells) {
        boolean[] isHere = {false};
        cells.forEachCell(
                (replica, counter, object, payload) -> isHere[0] |= find(replica, counter, object, payload) != 0);
        return isHere[0];
    }

    private static boolean isVoided(PendingTransaction transaction, List<DotRange> voided) {
        for (DotRange range : voided) {
            if (range.first() <= transaction.last() && transaction.first() <= range.last()) {
                return true;
            }
        }
        return false;
    }

    private void settle(PendingTransaction decided, boolean isVoided) {
        if (isVoided) {
            for (long counter = decided.first(); counter <= decided.last(); counter++) {
                if (isLive(counter)) {
                    drop(counter);
                }
            }
        }
        forEachRemoved(decided, dot -> {
            if (isVoided) {
                release(dot);
            } else if (isLive(dot)) {
                drop(dot);
            }
        });
        replicas.writable(0).writableContext().addRange(decided.first(), decided.last());
        version = null;
    }

    private void forEachRemoved(PendingTransaction decided, LongConsumer removed) {
        decided.delta().forEachRun((replica, low, high, live) -> {
            int index = live ? -1 : replicas.find(replica);
            if (index < 0) {
                return;
            }
            long base = PackedDot.of(index, 0);
            // an own dead dot of the transaction itself may share a run with the removals below it
            long top = index == 0 ? Math.min(high, decided.first() - 1) : high;
            for (long dot = top; dot >= low; dot--) {
                removed.accept(base | dot);
            }
        });
    }

    /** The transactions that await a verdict, oldest first. */
    public List<PendingTransaction> pending() {
        return List.copyOf(pending);
    }

    /**
     * Puts a saved replica back into this empty store: its confirmed state and what was pending, visible and pending again.
     *
     * @param issuedThrough the highest own dot ever used; later ones continue above it
     * @throws IllegalStateException if the store is not empty
     */
    public void restore(Delta confirmed, List<PendingTransaction> saved, long issuedThrough) {
        if (issued != 0 || version().dotCount() != 0) {
            throw new IllegalStateException("only an empty store can be restored");
        }
        Version context = confirmed.context();
        issued = Math.max(issuedThrough, context.highest(self));
        List<PendingTransaction> undecided = new ArrayList<>();
        for (PendingTransaction each : saved) {
            // the confirmed state may have been saved after a verdict, and the list before it
            if (!context.includesRange(self, each.first(), each.last())) {
                undecided.add(each);
                issued = Math.max(issued, each.last());
            }
        }
        if (judged) {
            judgedThrough = undecided.isEmpty() ? issued : undecided.get(0).first() - 1;
        } else if (!undecided.isEmpty()) {
            throw new IllegalArgumentException("pending transactions of a replica that nobody judges");
        }
        join(confirmed);
        for (PendingTransaction each : undecided) {
            transactionNumber++;
            each.delta().forEachCell((replica, counter, object, payload) -> insert(0, counter, view(object), payload));
            forEachRemoved(each, dot -> {
                if (isLive(dot)) {
                    hide(dot);
                }
            });
            pending.add(each);
        }
        events.announce(CommitEvent.Kind.REMOTE, null);
    }

    // typed changes

    /** Notes what a mutator was asked to do; a transaction of one mutator that nobody judges needs no note. */
    void intend(ObjectKey object, Mutation.Op op, Object value) {
        if (judged || transaction.depth > 1) {
            transaction.intend(object, op, value);
        }
    }

    /** What a delta that is not yet merged would do to the present state, in typed changes; objects of unknown types and cells of unknown kinds are left out. */
    public List<Mutation> describe(Delta delta) {
        Description description = new Description();
        ArrayList<Cell> added = new ArrayList<>();
        delta.forEachCell((replica, counter, object, payload) -> {
            if (!knows(replica, counter, counter)) {
                added.add(new Cell(object, payload));
            }
        });
        for (int i = added.size() - 1; i >= 0; i--) {
            description.added(added.get(i));
        }
        delta.forEachRun((replica, low, high, live) -> {
            int index = live ? -1 : replicas.find(replica);
            if (index < 0) {
                return;
            }
            ReplicaCells cells = replicas.get(index);
            for (long counter = cells.floor(high); counter >= low; counter = cells.floor(counter - 1)) {
                description.removed(new Cell(objects.key(cells.object(counter)), cells.payload(counter)));
            }
        });
        return description.mutations();
    }

    // events

    /** A set tells of each element that came or went. */
    void elementChanged(SetView view, Object element, boolean present) {
        events.elementChanged(view, element, present);
    }

    /**
     * Reserves a place among the events for the step that comes next, which has a part that this store does not hold. That event, and those that come
     * after it, are told by {@link #tell} once the part is known.
     *
     * @return who takes that part: an update of the document's content, empty if there is none; null if nobody listens
     */
    public @Nullable Consumer<byte[]> reserveEvent(CommitEvent.Kind kind, @Nullable Object origin) {
        return events.reserve(kind, origin);
    }

    /**
     * Tells listeners of the events that are complete, in order, as far as the first that is not; a listener that writes adds to the queue, and its
     * event follows when this one is done with.
     */
    public void tell() {
        events.tell();
    }

    /**
     * Calls {@code listener} after each step that changes a value, in order, outside of any transaction; it may write. What it
     * throws reaches whoever made the step, after all listeners have been called; the step stands.
     */
    public Subscription onCommit(Consumer<CommitEvent> listener) {
        return events.subscribe(listener);
    }

    /** Who hears what listeners throw, instead of whoever made the step. */
    public void onListenerFailure(Consumer<RuntimeException> handler) {
        events.onListenerFailure(handler);
    }

    // folding

    /**
     * Replaces the amounts of judged replicas by folds, as a transaction of this store's own: their values stay. Only amounts whose verdict their
     * author is known to know may be folded, so that no write under way names one of them by its dot.
     *
     * @param verdictsKnown per author the highest own dot whose verdict it knows
     * @param atLeast counters with fewer amounts of an author are left alone
     */
    public Delta fold(Map<ReplicaId, Long> verdictsKnown, int atLeast) {
        requireNoTransaction();
        if (judged) {
            throw new IllegalStateException("a judged replica does not fold");
        }
        begin();
        boolean done = false;
        try {
            for (int i = 0, n = objects.count(); i < n; i++) {
                if (objects.at(i) instanceof CounterView counter && counter.cellCount() >= atLeast) {
                    counter.fold(verdictsKnown, atLeast);
                }
            }
            done = true;
        } finally {
            if (!done) {
                abort();
            }
        }
        return end(null);
    }

    // reading

    /** The replica that this store writes as. */
    public ReplicaId self() {
        return self;
    }

    /** The highest own counter used so far. */
    public long issued() {
        return issued;
    }

    /** The confirmed context. */
    public Version version() {
        Version known = version;
        if (known == null) {
            known = CellReader.version(replicas.cells(), replicas.count());
            version = known;
        }
        return known;
    }

    /** Whether the confirmed context contains all these dots. O(log gaps) */
    public boolean knows(ReplicaId replica, long first, long last) {
        int index = replicas.find(replica);
        return index >= 0 && replicas.get(index).context.containsRange(first, last);
    }

    /** The confirmed state. O(cells) */
    public Delta state() {
        return CellReader.since(replicas.cells(), replicas.count(), objects.keys(), Version.EMPTY);
    }

    /**
     * What a holder of {@code known} lacks of the confirmed state: O(changes) for recent versions, O(cells) for others. A holder that
     * missed a delta and knows its dots from a later one only is repaired by {@link #state}, because a version does not name removals.
     */
    public Delta deltaSince(Version known) {
        if (known.equals(version())) {
            return Delta.EMPTY;
        }
        return CellReader.since(
                replicas.cells(),
                replicas.count(),
                objects.keys(),
                known,
                !judged && recent.cover(known) ? recent.unknownTo(known) : null);
    }

    /** The digest of the confirmed state. O(pages), and the cells of those pages that have changed since the last one */
    public PageDigest digest() {
        requireNoTransaction();
        if (!pending.isEmpty()) {
            // pages hold pending cells too, which are nobody else's business yet
            return new Frozen(this).confirmed().digest();
        }
        return Digests.of(replicas.cells(), replicas.count(), objects.keys(), version(), pageHashMask);
    }

    /**
     * What somebody with this digest and version may lack, of pages that differ only; after an exchange in both directions both
     * hold the same. If their digests still differ then, two different pages have the same hash, and {@link #state} helps.
     * O(differing pages and pages)
     */
    public Delta deltaFor(PageDigest theirs, Version known) {
        requireNoTransaction();
        if (!pending.isEmpty()) {
            return new Frozen(this).confirmed().deltaFor(theirs, known);
        }
        PageDigest own = digest();
        return CellReader.since(
                replicas.cells(),
                replicas.count(),
                objects.keys(),
                known,
                Digests.suspects(replicas.cells(), replicas.count(), own, theirs, known));
    }

    /**
     * Recounts everything from the cells alone.
     *
     * @throws IllegalStateException if anything kept up to date on the way differs
     */
    public void checkInvariants() {
        requireNoTransaction();
        StoreCheck.recount(this, replicas, objects, liveCells);
    }

    /** An immutable copy of the present state, for any thread. O(1); the next writes pay for the pages they touch. */
    public Frozen freeze() {
        Frozen frozen = new Frozen(this);
        replicas.share();
        return frozen;
    }

    /** What {@link #freeze} took: arrays that nobody writes any more. Immutable. */
    public static final class Frozen {
        private final ReplicaCells[] replicas;
        private final int replicaCount;
        private final ObjectKey[] keys;
        private volatile @Nullable Version version;
        private final List<PendingTransaction> pending;
        private final ReplicaId self;
        private final boolean judged;

        private Frozen(ObjectStore store) {
            replicas = store.replicas.cells();
            replicaCount = store.replicas.count();
            keys = store.objects.keys();
            version = store.version;
            pending = List.copyOf(store.pending);
            self = store.self;
            judged = store.judged;
        }

        /** The confirmed context. O(replicas) at the first call */
        public Version version() {
            Version known = version;
            if (known == null) {
                known = CellReader.version(replicas, replicaCount);
                version = known;
            }
            return known;
        }

        /** The confirmed state. O(cells) */
        public Delta state() {
            return deltaSince(Version.EMPTY);
        }

        /** What a holder of {@code known} lacks of the confirmed state. O(cells) */
        public Delta deltaSince(Version known) {
            return CellReader.since(replicas, replicaCount, keys, known);
        }

        private ObjectStore confirmed() {
            ObjectStore store = new ObjectStore(self, false, () -> 0);
            store.restore(state(), List.of(), 0);
            return store;
        }

        /** A store of its own with the same contents, pending writes included. O(cells) */
        public ObjectStore thaw() {
            ObjectStore store = new ObjectStore(self, judged, () -> 0);
            store.restore(state(), pending, 0);
            return store;
        }
    }
}
