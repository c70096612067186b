package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.DotRanges;
import dev.rejoin.crdt.clock.HybridClock;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.crdt.clock.Version;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The objects of one document: one causal context, the live cells, and a view for each object.
 *
 * <p>Mutable, single-owner: one thread at a time. {@link #freeze} gives other threads an immutable copy in O(1).
 *
 * <h2>Cells</h2>
 *
 * <p>A dot is packed into a long: the replica's number in this store (19 bits) above its counter (44 bits). The sign bit is free for
 * the views, which mark hidden cells with it. Cells live in pages per replica ({@link ReplicaCells}); views hold dots and read
 * payloads through the pages. The writer finds pages by dot or number in a {@link PageTable}.
 *
 * <h2>Two layers</h2>
 *
 * <p>A replica that nobody judges confirms its own writes as it makes them. A judged one keeps them <em>pending</em>: their cells are in
 * the pages, but their dots are not in the context, and the cells they remove are only hidden, counted per cell in
 * {@link #hidden}. What is visible is confirmed ⊔ pending. A verdict takes a pending transaction off in one step: accepted, its removals
 * become real and its dots join the context; voided, its cells go and what it alone hid shows again.
 *
 * <h2>Snapshots</h2>
 *
 * <p>Directories and pages carry the stamp of their writer. Freezing hands out the current arrays and changes the stamp, so that
 * the next write copies the page and the directory it touches, and nothing else.
 */
public final class ObjectStore {
    static final int COUNTER_BITS = 44;
    static final long COUNTER_MASK = (1L << COUNTER_BITS) - 1;

    private static final Cell[] NO_CELLS = {};
    private static final int[] ONE_RUN = {1};
    private static final int[] TWO_RUNS = {2};
    private static final ObjectKey ROOT = ObjectKey.root(ObjectType.MAP, "");

    /** Replicas that one store can number. */
    public static final int MAX_REPLICAS = 1 << 19;

    /** Empty objects are looked for when there are this many objects, and twice as many as after the last look. */
    private static final int MIN_SWEEP = 1_024;

    /** How far ahead of our own clock a stamp may be and still push it, in milliseconds. */
    static final long MAX_CLOCK_LEAD_MILLIS = 60_000;

    /** Never leaves the process; makes colliding hash codes unpredictable. */
    private static final long HASH_KEY_0 = ReplicaId.random().bits();

    private static final long HASH_KEY_1 = ReplicaId.random().bits();

    final int hashSeed = (int) HASH_KEY_0;

    private final ReplicaId self;

    /** What most of our deltas share. */
    private final ReplicaId[] selfOnly;

    private final boolean judged;
    private final TimeSource time;
    private final HybridClock clock;

    private Object stamp = new Object();
    private Object rootOwner = stamp;
    private final ReplicaIndex replicaIndex = new ReplicaIndex();
    private ReplicaCells[] replicas = new ReplicaCells[2];
    private int replicaCount;
    private final PageTable pages = new PageTable();
    private int liveCells;

    private final Map<ObjectKey, View> byKey = new HashMap<>(2);
    private @Nullable View[] views = new View[2];
    private ObjectKey[] keys = new ObjectKey[2];
    private int viewCount;

    /** Numbers below {@code viewCount} that no view has. */
    private int[] freeNumbers = new int[0];

    private int freeCount;
    private int sweepAt = MIN_SWEEP;
    private final MapView root = new MapView(this, ROOT, -1, null);

    /** The highest own counter ever used. */
    private long issued;

    /** Own dots up to here are confirmed; in a store that nobody judges, all. */
    private long judgedThrough = Long.MAX_VALUE;

    private final ArrayList<PendingTransaction> pending = new ArrayList<>();
    private final Map<Long, Hiding> hidden = new HashMap<>();

    private final Transaction transaction = new Transaction();
    private long transactionNumber;
    private final RecentClaims recent = new RecentClaims(replicaIndex);
    private @Nullable Version version;

    private final ArrayList<Consumer<CommitEvent>> listeners = new ArrayList<>();
    private @Nullable Map<View, Object> touched;
    private final ArrayDeque<Announcement> deliveries = new ArrayDeque<>(1);
    private @Nullable Announcement reserved;
    private boolean delivering;
    private @Nullable Consumer<RuntimeException> listenerFailures;
    private long probes;

    /** The bits of a page's hash that digests show; tests narrow it. */
    long pageHashMask = -1;

    /** How many pending transactions hide a cell, and the last of them. */
    private static final class Hiding {
        int count;
        long lastTransaction;
    }

    /** An event on its way to listeners. */
    private static final class Announcement implements Consumer<byte[]> {
        final CommitEvent.Kind kind;
        final @Nullable Object origin;
        List<Change> changes;
        byte @Nullable [] content;
        boolean complete;

        Announcement(CommitEvent.Kind kind, @Nullable Object origin, List<Change> changes, boolean complete) {
            this.kind = kind;
            this.origin = origin;
            this.changes = changes;
            this.complete = complete;
        }

        @Override
        public void accept(byte[] update) {
            content = update.length == 0 ? null : update;
            complete = true;
        }

        boolean isEmpty() {
            return changes.isEmpty() && content == null;
        }
    }

    /** A call of a mutator. */
    private record Intent(ObjectKey object, Mutation.Op op, Object value) {}

    /** The open transaction: cells in the order of their dots, null where one was removed again; what it has removed. */
    private static final class Transaction {
        int depth;
        long first;
        int count;

        @Nullable
        Cell[] cells = new Cell[1];

        int removedCount;
        long[] removed = new long[1];
        ObjectKey[] removedObjects = new ObjectKey[1];
        Object[] removedPayloads = new Object[1];

        /** What the author asked for, where somebody will want to know. */
        final ArrayList<Intent> intents = new ArrayList<>();

        void reset() {
            intents.clear();
            Arrays.fill(cells, 0, count, null);
            Arrays.fill(removedObjects, 0, removedCount, ROOT);
            Arrays.fill(removedPayloads, 0, removedCount, ROOT);
            if (cells.length > 1024) {
                cells = new Cell[4];
            }
            if (removed.length > 1024) {
                removed = new long[4];
                removedObjects = new ObjectKey[4];
                removedPayloads = new Object[4];
            }
            depth = 0;
            count = 0;
            removedCount = 0;
        }
    }

    /**
     * A store that writes as {@code self}.
     *
     * @param judged whether its writes stay pending until {@link #confirm}
     */
    public ObjectStore(ReplicaId self, boolean judged, TimeSource time) {
        this.self = self;
        this.selfOnly = new ReplicaId[] {self};
        this.judged = judged;
        this.time = time;
        this.clock = new HybridClock(time);
        intern(self);
        if (judged) {
            judgedThrough = 0;
        }
    }

    // dots

    static long counter(long dot) {
        return dot & COUNTER_MASK;
    }

    private static int replica(long dot) {
        return (int) (dot >>> COUNTER_BITS);
    }

    ReplicaId replicaOf(long dot) {
        return replicas[replica(dot)].id;
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
        return replica(dot) == 0 && counter(dot) > judgedThrough;
    }

    /** Ascending by replica id and counter, sign bits cleared. */
    long[] inDotOrder(long[] dots) {
        for (int i = 0; i < dots.length; i++) {
            dots[i] &= Long.MAX_VALUE;
        }
        return sort(dots);
    }

    /** The same without those whose sign bit says hidden. */
    long[] visibleInDotOrder(long[] dots) {
        int kept = 0;
        for (long dot : dots) {
            if (dot > 0) {
                dots[kept++] = dot;
            }
        }
        return sort(kept == dots.length ? dots : Arrays.copyOf(dots, kept));
    }

    private long[] sort(long[] dots) {
        if (dots.length < 2) {
            return dots;
        }
        Arrays.sort(dots);
        if (replica(dots[0]) == replica(dots[dots.length - 1])) {
            return dots;
        }
        // numbers are given in order of sight, which differs between replicas: order the groups by id
        ReplicaCells[] sorted = CellReader.sorted(replicas, replicaCount);
        long[] ordered = new long[dots.length];
        int filled = 0;
        for (ReplicaCells cells : sorted) {
            long base = (long) replicaIndex.find(cells.id) << COUNTER_BITS;
            int from = Arrays.binarySearch(dots, base);
            from = from < 0 ? -from - 1 : from;
            while (from < dots.length && replica(dots[from]) == replica(base)) {
                ordered[filled++] = dots[from++];
            }
        }
        return ordered;
    }

    /** A hash of the canonical bytes that nobody without the key can steer. */
    int keyedHash(Object element) {
        long hash = SipHash.hash(HASH_KEY_0, HASH_KEY_1, Values.encode(element));
        return (int) (hash ^ hash >>> 32);
    }

    private int intern(ReplicaId id) {
        int index = replicaIndex.find(id);
        if (index >= 0) {
            return index;
        }
        if (replicaCount == MAX_REPLICAS) {
            throw new IllegalStateException("more than " + MAX_REPLICAS + " replicas");
        }
        index = replicaIndex.add(id);
        if (replicaCount == replicas.length || rootOwner != stamp) {
            replicas = Arrays.copyOf(replicas, Math.max(replicas.length, replicaCount * 2));
            rootOwner = stamp;
        }
        replicas[index] = new ReplicaCells(id, index, stamp);
        replicaCount++;
        return index;
    }

    private ReplicaCells writable(int index) {
        ReplicaCells cells = replicas[index];
        if (cells.owner != stamp) {
            if (rootOwner != stamp) {
                replicas = replicas.clone();
                rootOwner = stamp;
            }
            cells = cells.copy(stamp);
            replicas[index] = cells;
        }
        return cells;
    }

    // objects

    /** The view of an object, made at first sight. */
    View view(ObjectKey key) {
        View view = byKey.get(key);
        if (view == null) {
            ObjectKey parentKey = key.parent();
            MapView parent = root;
            if (parentKey != null) {
                View above = view(parentKey);
                parent = above instanceof MapView map ? map : root;
            }
            int number = freeCount > 0 ? freeNumbers[--freeCount] : viewCount++;
            view = View.of(this, key, number, parentKey == null ? null : parent);
            if (number == views.length) {
                views = Arrays.copyOf(views, number * 2);
                keys = Arrays.copyOf(keys, number * 2);
            }
            views[number] = view;
            keys[number] = key;
            byKey.put(key, view);
            if (parentKey == null || byKey.get(parentKey) instanceof MapView) {
                parent.addChild(view);
            }
        }
        return view;
    }

    /**
     * Gives up the views of objects that hold nothing, if enough objects have been made since the last time. Their numbers are used
     * again, so the array of keys is a new one: snapshots keep theirs.
     */
    private void sweepIfDue() {
        if (byKey.size() < sweepAt) {
            return;
        }
        views = views.clone();
        keys = keys.clone();
        for (int i = 0; i < viewCount; i++) {
            for (@Nullable View view = views[i]; view != null && view != root && isIdle(view); view = view.parent) {
                forget(view);
            }
        }
        sweepAt = Math.max(MIN_SWEEP, 2 * byKey.size());
    }

    private static boolean isIdle(View view) {
        return view.index >= 0 && view.cellCount() == 0 && !(view instanceof MapView map && map.hasChildren());
    }

    private void forget(View view) {
        byKey.remove(view.key);
        if (view.parent instanceof MapView parent) {
            parent.removeChild(view);
        } else {
            root.removeChild(view);
        }
        if (freeCount == freeNumbers.length) {
            freeNumbers = Arrays.copyOf(freeNumbers, Math.max(16, freeCount * 2));
        }
        freeNumbers[freeCount++] = view.index;
        views[view.index] = null;
        view.index = View.FORGOTTEN;
    }

    /** Objects that take memory here, some of them empty. */
    int objectCount() {
        return byKey.size();
    }

    MapView root() {
        return root;
    }

    /** The view of an object if there is one; reading does not make any. */
    @Nullable
    View existing(ObjectKey key) {
        return byKey.get(key);
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
        return root.presentChildren();
    }

    /** Whether a pending write has made or hidden any part of an object. O(cells of the object) */
    public boolean isPending(ObjectKey key) {
        View view = byKey.get(key);
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
                && byKey.get(set) instanceof SetView view
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
        touch(view);
        writable(replica).put(pages, counter, view.index, payload);
        liveCells++;
        view.put((long) replica << COUNTER_BITS | counter, payload);
        probes++;
    }

    private View viewAt(int number) {
        return Objects.requireNonNull(views[number]);
    }

    private void drop(long dot) {
        CellPage page = pages.holding(dot);
        View view = viewAt(page.object(place(dot)));
        touch(view);
        boolean wasHidden = !hidden.isEmpty() && hidden.remove(dot) != null;
        view.take(dot, page.payload(place(dot)), wasHidden);
        discard(page, dot);
    }

    /** Takes a cell off its page once no view shows it any more. */
    private void discard(CellPage page, long dot) {
        writable(replica(dot)).remove(pages, page, place(dot));
        liveCells--;
        probes++;
    }

    private void show(long dot, boolean visible) {
        CellPage page = pages.holding(dot);
        View view = viewAt(page.object(place(dot)));
        touch(view);
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
        return transaction.depth > 0;
    }

    /** Opens a transaction, or joins the open one. */
    public void begin() {
        if (transaction.depth++ == 0) {
            sweepIfDue();
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
        insert(0, issue(view, payload), view, payload);
    }

    /** Writes the first cell of an element of a set, for which the view has just looked in vain. */
    void writeFirst(SetView view, Object element) {
        touch(view);
        long counter = issue(view, element);
        view.addProbed(writable(0).put(pages, counter, view.index, element), element);
        liveCells++;
        probes++;
    }

    /** Takes the next own dot for a cell of the open transaction. */
    private long issue(View view, Object payload) {
        Transaction tx = transaction;
        if (tx.count == tx.cells.length) {
            tx.cells = Arrays.copyOf(tx.cells, tx.count * 2);
        }
        long counter = tx.first + tx.count;
        if (counter > Dot.MAX_COUNTER) {
            throw new IllegalStateException("replica has used up its counters");
        }
        tx.cells[tx.count++] = new Cell(view.key, payload);
        return counter;
    }

    /** Writes a cell in place of an observed one: as {@link #write} and {@link #erase}, with less to look up. */
    void replace(View view, long old, Object payload) {
        if (judged || isOfThisTransaction(old)) {
            write(view, payload);
            erase(old);
            return;
        }
        touch(view);
        long counter = issue(view, payload);
        Object oldPayload = payload(old);
        remember(old, view.key, oldPayload);
        writable(0).put(pages, counter, view.index, payload);
        liveCells++;
        view.exchange(old, oldPayload, counter, payload);
        probes++;
        discard(pages.holding(old), old);
    }

    /** The same for the only cell of an element of a set, which the view has found already. */
    void replaceSole(SetView view, int at, Object element) {
        int handle = view.handleAt(at);
        long old = dotAt(handle);
        if (judged || isOfThisTransaction(old)) {
            replace(view, old, element);
            return;
        }
        touch(view);
        long counter = issue(view, element);
        remember(old, view.key, payloadAt(handle));
        view.replaceAt(at, writable(0).put(pages, counter, view.index, element));
        liveCells++;
        probes++;
        discard(pages.of(handle), old);
    }

    /** Removes the only cell of an element of a set, which the view has found already. */
    void eraseSole(SetView view, int at) {
        int handle = view.handleAt(at);
        CellPage page = pages.of(handle);
        long dot = page.first | place(handle);
        if (judged || isOfThisTransaction(dot)) {
            erase(dot);
            return;
        }
        touch(view);
        Object element = page.payload(place(handle));
        remember(dot, view.key, element);
        view.removeAt(at, element);
        discard(page, dot);
    }

    /**
     * Whether a single change of a set may be written and committed at once, without a transaction to hold it: nobody judges, no transaction is open,
     * and nobody wants to hear of it. Such a change cannot fail halfway, so there is nothing to take back. {@code SetMutationBenchmark}
     */
    boolean writesAlone() {
        if (judged || transaction.depth > 0 || !listeners.isEmpty() || reserved != null) {
            return false;
        }
        sweepIfDue();
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
        Delta delta = new Delta(
                selfOnly, ONE_RUN, new long[] {counter << 1 | 1, counter}, new Cell[] {new Cell(view.key, element)});
        view.addProbed(writable(0).put(pages, counter, view.index, element), element);
        liveCells++;
        probes++;
        committedAlone(counter, 0);
        return delta;
    }

    /** {@link #replaceSole} as a transaction of its own; null if the cell that goes is of another replica. */
    @Nullable
    Delta replaceSoleAlone(SetView view, int at, Object element) {
        int handle = view.handleAt(at);
        CellPage page = pages.of(handle);
        long old = page.first | place(handle);
        if (replica(old) != 0) {
            return null;
        }
        long counter = nextCounter();
        Delta delta = oneForOne(new Cell(view.key, element), counter, old);
        view.replaceAt(at, writable(0).put(pages, counter, view.index, element));
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
        if (replica(dot) != 0) {
            return null;
        }
        long counter = nextCounter();
        Delta delta = oneForOne(null, counter, dot);
        view.removeAt(at, element);
        discard(page, dot);
        committedAlone(counter, dot);
        return delta;
    }

    private void committedAlone(long counter, long removed) {
        transactionNumber++;
        issued = counter;
        writable(0).writableContext().addRange(counter, counter);
        version = null;
        recent.addOwn(counter, removed, liveCells);
    }

    private boolean isOfThisTransaction(long dot) {
        return replica(dot) == 0 && counter(dot) >= transaction.first;
    }

    private void remember(long dot, ObjectKey object, Object payload) {
        Transaction tx = transaction;
        int at = tx.removedCount;
        if (at == tx.removed.length) {
            tx.removed = Arrays.copyOf(tx.removed, at * 2);
            tx.removedObjects = Arrays.copyOf(tx.removedObjects, at * 2);
            tx.removedPayloads = Arrays.copyOf(tx.removedPayloads, at * 2);
        }
        tx.removedObjects[at] = object;
        tx.removedPayloads[at] = payload;
        tx.removed[at] = dot;
        tx.removedCount++;
    }

    /** Removes an observed cell. */
    void erase(long dot) {
        Transaction tx = transaction;
        if (isOfThisTransaction(dot)) {
            drop(dot);
            tx.cells[(int) (counter(dot) - tx.first)] = null;
            return;
        }
        if (judged) {
            Hiding hiding = hidden.get(dot);
            if (hiding == null) {
                hiding = new Hiding();
                hidden.put(dot, hiding);
                show(dot, false);
            } else if (hiding.lastTransaction == transactionNumber) {
                return;
            }
            hiding.count++;
            hiding.lastTransaction = transactionNumber;
        }
        CellPage page = pages.holding(dot);
        remember(dot, keys[page.object(place(dot))], page.payload(place(dot)));
        if (!judged) {
            drop(dot);
        }
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
        return close(judged ? mutations(transaction) : List.of(), origin);
    }

    /** Commits the outermost transaction and describes what it did. */
    public Commit commit(@Nullable Object origin) {
        if (transaction.depth != 1) {
            throw new IllegalStateException("not the outermost transaction");
        }
        // a keystroke in the content is a transaction of the objects too, in which nothing happens to them
        List<Mutation> mutations =
                transaction.count == 0 && transaction.removedCount == 0 ? List.of() : mutations(transaction);
        Delta delta = close(mutations, origin);
        return new Commit(delta, delta.isEmpty() ? List.of() : mutations, origin);
    }

    private Delta close(List<Mutation> mutations, @Nullable Object origin) {
        Transaction tx = transaction;
        if (tx.count == 0 && tx.removedCount == 0) {
            tx.reset();
            touched = null;
            reserved = null;
            return Delta.EMPTY;
        }
        int dots = Math.max(1, tx.count);
        long last = tx.first + dots - 1;
        Delta delta = buildDelta(tx, last);
        issued = last;
        if (judged) {
            pending.add(new PendingTransaction(tx.first, last, delta, mutations));
        } else {
            writable(0).writableContext().addRange(tx.first, last);
            version = null;
            recent.add(delta, liveCells);
        }
        tx.reset();
        announce(CommitEvent.Kind.LOCAL, origin);
        return delta;
    }

    private Delta buildDelta(Transaction tx, long last) {
        if (tx.removedCount == 0) {
            return ownOnly(tx, last);
        }
        if (tx.removedCount == 1 && tx.count <= 1 && replica(tx.removed[0]) == 0) {
            return oneForOne(tx.count == 0 ? null : tx.cells[0], last, tx.removed[0]);
        }
        long[] removed = inDotOrder(Arrays.copyOf(tx.removed, tx.removedCount));
        DeltaAssembler out = new DeltaAssembler();
        boolean ownDone = false;
        int end = removed.length;
        int start = 0;
        while (start < end || !ownDone) {
            ReplicaId id = start < end ? replicaOf(removed[start]) : null;
            if (!ownDone && (id == null || id.compareTo(self) >= 0)) {
                out.section(self);
                ownRuns(out, tx, last);
                ownDone = true;
                if (!self.equals(id)) {
                    continue;
                }
            } else if (id != null) {
                out.section(id);
            }
            int stop = start;
            while (stop < end && replica(removed[stop]) == replica(removed[start])) {
                stop++;
            }
            for (int i = stop - 1; i >= start; i--) {
                out.run(counter(removed[i]), counter(removed[i]), false);
            }
            start = stop;
        }
        return out.build();
    }

    private Delta ownOnly(Transaction tx, long last) {
        if (tx.count == 1 && tx.cells[0] != null) {
            return new Delta(selfOnly, ONE_RUN, new long[] {last << 1 | 1, last}, new Cell[] {tx.cells[0]});
        }
        DeltaAssembler out = new DeltaAssembler();
        out.section(self);
        ownRuns(out, tx, last);
        return out.build();
    }

    /** The commonest removal: one own cell goes, and one or none takes its place. */
    private Delta oneForOne(@Nullable Cell cell, long dot, long removed) {
        boolean live = cell != null;
        boolean oneRun = !live && removed == dot - 1;
        return new Delta(
                selfOnly,
                oneRun ? ONE_RUN : TWO_RUNS,
                oneRun
                        ? new long[] {dot << 1, removed}
                        : new long[] {dot << 1 | (live ? 1 : 0), dot, removed << 1, removed},
                live ? new Cell[] {cell} : NO_CELLS);
    }

    private static void ownRuns(DeltaAssembler out, Transaction tx, long last) {
        if (tx.count == 0) {
            out.run(last, last, false);
            return;
        }
        for (int i = tx.count - 1; i >= 0; i--) {
            Cell cell = tx.cells[i];
            out.run(tx.first + i, tx.first + i, cell != null);
            if (cell != null) {
                out.cell(cell);
            }
        }
    }

    /** Takes back everything the open transaction has done, however deep; its dots were never seen by anybody. */
    public void rollback() {
        Transaction tx = transaction;
        for (int i = 0; i < tx.count; i++) {
            if (tx.cells[i] != null) {
                drop(tx.first + i);
            }
        }
        for (int i = 0; i < tx.removedCount; i++) {
            long dot = tx.removed[i];
            if (judged) {
                release(dot);
                Hiding hiding = hidden.get(dot);
                if (hiding != null) {
                    hiding.lastTransaction = 0;
                }
            } else {
                insert(replica(dot), counter(dot), view(tx.removedObjects[i]), tx.removedPayloads[i]);
            }
        }
        tx.reset();
        touched = null;
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
        Hiding hiding = hidden.get(dot);
        if (hiding != null && --hiding.count == 0) {
            hidden.remove(dot);
            show(dot, true);
        }
    }

    private void requireNoTransaction() {
        if (transaction.depth > 0) {
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
            reserved = null;
            return;
        }
        sweepIfDue();
        join(delta);
        announce(CommitEvent.Kind.REMOTE, origin);
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
            int index = replicaIndex.find(id);
            ReplicaCells cells = index < 0 ? null : replicas[index];
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
                        CellPage page = pages.find((long) index << COUNTER_BITS | counter);
                        if (page != null && page.isLive(place(counter))) {
                            Cell theirs = delta.cells[cell + i];
                            if (!keys[page.object(place(counter))].equals(theirs.object())
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
            int index = intern(delta.replicas[section]);
            long base = (long) index << COUNTER_BITS;
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
                    long live = replicas[index].floor(high);
                    while (live >= low) {
                        drop(base | live);
                        live = replicas[index].floor(live - 1);
                    }
                } else {
                    DotRanges known = replicas[index].context;
                    for (long counter = high; counter >= low; counter--) {
                        Cell theirs = delta.cells[cell++];
                        if (!known.contains(counter)) {
                            insert(index, counter, view(theirs.object()), theirs.payload());
                        }
                    }
                }
            }
            delta.addClaims(section, writable(index).writableContext());
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
        requireNoTransaction();
        sweepIfDue();
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
        announce(CommitEvent.Kind.REMOTE, null);
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
        writable(0).writableContext().addRange(decided.first(), decided.last());
        version = null;
    }

    private void forEachRemoved(PendingTransaction transaction, java.util.function.LongConsumer removed) {
        transaction.delta().forEachRun((replica, low, high, live) -> {
            int index = live ? -1 : replicaIndex.find(replica);
            if (index < 0) {
                return;
            }
            long base = (long) index << COUNTER_BITS;
            // an own dead dot of the transaction itself may share a run with the removals below it
            long top = index == 0 ? Math.min(high, transaction.first() - 1) : high;
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
        for (PendingTransaction transaction : undecided) {
            transactionNumber++;
            transaction
                    .delta()
                    .forEachCell((replica, counter, object, payload) -> insert(0, counter, view(object), payload));
            forEachRemoved(transaction, dot -> {
                if (isLive(dot)) {
                    Hiding hiding = hidden.get(dot);
                    if (hiding == null) {
                        hiding = new Hiding();
                        hidden.put(dot, hiding);
                        show(dot, false);
                    }
                    hiding.count++;
                    hiding.lastTransaction = transactionNumber;
                }
            });
            pending.add(transaction);
        }
        announce(CommitEvent.Kind.REMOTE, null);
    }

    // typed changes

    /** Notes what a mutator was asked to do; a transaction of one mutator that nobody judges needs no note. */
    void intend(ObjectKey object, Mutation.Op op, Object value) {
        if (judged || transaction.depth > 1) {
            transaction.intents.add(new Intent(object, op, value));
        }
    }

    private static List<Mutation> mutations(Transaction tx) {
        List<Mutation> mutations = new ArrayList<>(tx.intents.size());
        for (Intent intent : tx.intents) {
            ObjectType type = intent.object.type();
            if (type != null) {
                mutations.add(new Mutation(intent.object.path(), type, intent.op, intent.value));
            }
        }
        return List.copyOf(mutations);
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
            int index = live ? -1 : replicaIndex.find(replica);
            if (index < 0) {
                return;
            }
            ReplicaCells cells = replicas[index];
            for (long counter = cells.floor(high); counter >= low; counter = cells.floor(counter - 1)) {
                description.removed(new Cell(keys[cells.object(counter)], cells.payload(counter)));
            }
        });
        return description.mutations();
    }

    // events

    private void touch(View view) {
        if (listeners.isEmpty()) {
            return;
        }
        if (touched == null) {
            touched = new LinkedHashMap<>();
        }
        if (!touched.containsKey(view)) {
            touched.put(view, view instanceof SetView ? new HashMap<Object, Boolean>() : view.value());
        }
    }

    /** A set tells of each element that came or went, so that an event costs what changed and not the size of the set. */
    @SuppressWarnings("unchecked")
    void elementChanged(SetView view, Object element, boolean present) {
        if (touched != null && touched.get(view) instanceof Map<?, ?> before) {
            ((Map<Object, Boolean>) before).putIfAbsent(element, !present);
        }
    }

    /**
     * Reserves a place among the events for the step that comes next, which has a part that this store does not hold. That event, and those that come
     * after it, are told by {@link #tell} once the part is known.
     *
     * @return who takes that part: an update of the document's content, empty if there is none; null if nobody listens
     */
    public @Nullable Consumer<byte[]> reserveEvent(CommitEvent.Kind kind, @Nullable Object origin) {
        if (listeners.isEmpty()) {
            return null;
        }
        reserved = new Announcement(kind, origin, List.of(), false);
        deliveries.add(reserved);
        return reserved;
    }

    private void announce(CommitEvent.Kind kind, @Nullable Object origin) {
        Announcement place = reserved;
        reserved = null;
        Map<View, Object> all = touched;
        touched = null;
        if (all == null) {
            return;
        }
        List<Change> changes = new ArrayList<>();
        all.forEach((view, before) -> {
            Change change = change(view, before);
            if (change != null) {
                changes.add(change);
            }
        });
        if (place != null) {
            place.changes = List.copyOf(changes);
        } else if (!changes.isEmpty()) {
            deliveries.add(new Announcement(kind, origin, List.copyOf(changes), true));
            tell();
        }
    }

    private static @Nullable Change change(View view, Object before) {
        if (view instanceof SetView set) {
            List<Object> added = new ArrayList<>();
            List<Object> removed = new ArrayList<>();
            ((Map<?, ?>) before).forEach((element, wasPresent) -> {
                boolean isPresent = set.contains(element);
                if (isPresent != (Boolean) wasPresent) {
                    (isPresent ? added : removed).add(element);
                }
            });
            added.sort(Values::compare);
            removed.sort(Values::compare);
            return added.isEmpty() && removed.isEmpty()
                    ? null
                    : new Change.SetChange(view.key, List.copyOf(added), List.copyOf(removed));
        }
        Object after = view.value();
        if (after.equals(before)) {
            return null;
        }
        if (view instanceof CounterView counter) {
            return new Change.CounterChange(view.key, (java.math.BigInteger) before, counter.value());
        }
        if (view instanceof RegisterView register) {
            return new Change.RegisterChange(view.key, (List<Object>) before, register.values());
        }
        return null;
    }

    /**
     * Tells listeners of the events that are complete, in order, as far as the first that is not; a listener that writes adds to the queue, and its
     * event follows when this one is done with.
     */
    public void tell() {
        if (delivering) {
            return;
        }
        delivering = true;
        RuntimeException failure = null;
        try {
            for (Announcement next = deliveries.peek(); next != null && next.complete; next = deliveries.peek()) {
                deliveries.remove();
                if (next.isEmpty()) {
                    continue;
                }
                CommitEvent event = new CommitEvent(next.kind, next.origin, next.changes, next.content);
                for (Consumer<CommitEvent> listener : List.copyOf(listeners)) {
                    try {
                        listener.accept(event);
                    } catch (RuntimeException thrown) {
                        if (listenerFailures != null) {
                            listenerFailures.accept(thrown);
                        } else if (failure == null) {
                            failure = thrown;
                        } else {
                            failure.addSuppressed(thrown);
                        }
                    }
                }
            }
        } finally {
            delivering = false;
        }
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * Calls {@code listener} after each step that changes a value, in order, outside of any transaction; it may write. What it
     * throws reaches whoever made the step, after all listeners have been called; the step stands.
     */
    public Subscription onCommit(Consumer<CommitEvent> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** Who hears what listeners throw, instead of whoever made the step. */
    public void onListenerFailure(Consumer<RuntimeException> handler) {
        listenerFailures = handler;
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
            for (int i = 0, n = viewCount; i < n; i++) {
                if (views[i] instanceof CounterView counter && counter.cellCount() >= atLeast) {
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
            known = CellReader.version(replicas, replicaCount);
            version = known;
        }
        return known;
    }

    /** Whether the confirmed context contains all these dots. O(log gaps) */
    public boolean knows(ReplicaId replica, long first, long last) {
        int index = replicaIndex.find(replica);
        return index >= 0 && replicas[index].context.containsRange(first, last);
    }

    /** The confirmed state. O(cells) */
    public Delta state() {
        return CellReader.since(replicas, replicaCount, keys, Version.EMPTY);
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
                replicas, replicaCount, keys, known, !judged && recent.cover(known) ? recent.unknownTo(known) : null);
    }

    /** The digest of the confirmed state. O(pages), and the cells of those pages that have changed since the last one */
    public PageDigest digest() {
        requireNoTransaction();
        if (!pending.isEmpty()) {
            // pages hold pending cells too, which are nobody else's business yet
            return new Frozen(this).confirmed().digest();
        }
        return Digests.of(replicas, replicaCount, keys, version(), pageHashMask);
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
                replicas, replicaCount, keys, known, Digests.suspects(replicas, replicaCount, own, theirs, known));
    }

    /**
     * Recounts everything from the cells alone.
     *
     * @throws IllegalStateException if anything kept up to date on the way differs
     */
    public void checkInvariants() {
        requireNoTransaction();
        long[] cells = new long[viewCount];
        for (int r = 0; r < replicaCount; r++) {
            ReplicaCells own = replicas[r];
            for (long counter = own.floor(Dot.MAX_COUNTER); counter > 0; counter = own.floor(counter - 1)) {
                require(
                        own.context.contains(counter) || isPendingDot((long) r << COUNTER_BITS | counter),
                        "unknown dot");
                cells[own.object(counter)]++;
            }
        }
        ObjectStore recounted = new Frozen(this).thaw();
        for (int i = 0; i < viewCount; i++) {
            View view = views[i];
            if (view == null) {
                require(cells[i] == 0, "cells of a forgotten object");
                continue;
            }
            require(view.index == i && byKey.get(view.key) == view, "number of " + view.key);
            require(view.cellCount() == cells[i] && view.dots().length == cells[i], "cells of " + view.key);
            View other = recounted.view(view.key);
            require(view.value().equals(other.value()), "value of " + view.key);
            require(view.isPresent() == other.isPresent(), "presence of " + view.key);
            if (view instanceof SetView set) {
                require(set.size() == set.elements().size(), "size of " + view.key);
            }
        }
        require(recounted.state().equals(state()), "state");
        require(Arrays.stream(cells).sum() == liveCells, "number of cells");
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("invariant broken: " + what);
        }
    }

    /** An immutable copy of the present state, for any thread. O(1); the next writes pay for the pages they touch. */
    public Frozen freeze() {
        Frozen frozen = new Frozen(this);
        stamp = new Object();
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
            replicas = store.replicas;
            replicaCount = store.replicaCount;
            keys = store.keys;
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
