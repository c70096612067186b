package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Fills a store that has never held an item with a large batch: what opening a document is.
 *
 * <p>In an empty store nothing has to be found. What a struct refers to is told by the number of another struct, lists are linked in one array of ints, and items are
 * numbered in the order of their lists, so that who reads a list or looks for an index in it goes forward in memory. Where a struct is referred to within, it is cut beforehand ({@link StructBatch#cut}). Trees, chains and the clients'
 * lists are written when the order of everything is known, each in one pass. What {@link Integrator} does struct by struct comes out the same: the order of a list is a
 * function of what is in it.
 *
 * <p>A batch that this is not for (something is missing, a client begins late, a value under a key is cut, or so many clients wrote at one place that an
 * index would be needed) is declined before the store has changed. Benchmark: T4.
 */
final class Loader {
    // what next says of a struct that has no successor
    private static final int END = -1;
    private static final int UNPLACED = -2;
    private static final int GARBAGE = -3;

    /** Comparisons of concurrent inserts, per struct, from which on the ordinary way with its index is better. */
    private static final int MOST_STEPS = 16;

    /** Neighbours that are tried before a search. */
    private static final int NEAR = 4;

    private final Store store;
    private StructBatch batch;
    private final SectionIndex sections;
    private final Conflicts conflicts = new Conflicts();

    // by section: where its part of the index begins, and how many clocks share a place there, as a shift
    private int[] indexStart = {};
    private byte[] indexShift = {};

    /** By clock, shifted: the struct that holds it. */
    private int[] index = {};

    // by struct: what its origins are in, and the holder of its parent; NONE if it names none
    private int[] left = {};
    private int[] right = {};
    private int @Nullable [] holder;

    /** By struct: the next in its list, or one of the above. */
    private int[] next = {};

    /** By struct: the list or key it is in. */
    private int[] group = {};

    /** By struct: the number of its item. */
    private int[] number = {};

    private long[] cuts = {};
    private int cutCount;

    /** Types in the order in which they were first named. */
    private final List<Parent> parents = new ArrayList<>();

    private final Map<String, Parent> roots = new HashMap<>();
    private Parent @Nullable [] held;
    private final List<Group> groups = new ArrayList<>();

    private long steps;
    private boolean declined;
    private boolean joinable;

    /** A root, or the type that a struct holds. */
    private static final class Parent {
        final @Nullable String root;
        final int holder;

        /** Its list, and the chains of its keys. */
        int list = NONE;

        @Nullable
        Map<String, Integer> keys;

        Parent(@Nullable String root, int holder) {
            this.root = root;
            this.holder = holder;
        }
    }

    /** A list, or what stands under a key. */
    private static final class Group {
        final Parent parent;
        final @Nullable String key;
        int first = END;

        /** Of a list: the number of its first item, and how many it has. */
        int item;

        int count;

        Group(Parent parent, @Nullable String key) {
            this.parent = parent;
            this.key = key;
        }
    }

    /** @param sections section of each client of the batch */
    Loader(Store store, StructBatch batch, SectionIndex sections) {
        this.store = store;
        this.batch = batch;
        this.sections = sections;
    }

    // references

    /** Finds what every struct refers to. Returns whether the batch is one to load. */
    boolean resolve() {
        if (!isWhole()) {
            return false;
        }
        resolveAll();
        if (!declined && cutCount > 0) {
            cut();
            resolveAll();
        }
        if (declined) {
            return false;
        }
        next = new int[batch.count];
        Arrays.fill(next, UNPLACED);
        group = new int[batch.count];
        return true;
    }

    /** Whether every client begins at 0 and has no gap. */
    private boolean isWhole() {
        long[] clock = batch.clock;
        long[] length = batch.length;
        int at = 0;
        for (int section = 0; section < batch.sections; section++) {
            long expected = 0;
            for (int end = batch.sectionEnd[section]; at < end; at++) {
                if (clock[at] != expected) {
                    return false;
                }
                expected += length[at];
            }
        }
        return store.clients.count() + batch.sections < Clients.MOST;
    }

    private void resolveAll() {
        int count = batch.count;
        cutCount = 0;
        left = new int[count];
        right = new int[count];
        buildIndex();
        int at = 0;
        for (int section = 0; section < batch.sections && !declined; section++) {
            long own = batch.client[at];
            for (int end = batch.sectionEnd[section]; at < end; at++) {
                resolve(at, section, own);
            }
        }
    }

    private void resolve(int i, int section, long own) {
        int flags = batch.flags[i];
        left[i] = NONE;
        right[i] = NONE;
        if ((flags & StructBatch.HAS_ORIGIN) != 0) {
            long clock = batch.originClock[i];
            int found = batch.originClient[i] == own && clock == batch.clock[i] - 1
                    ? i - 1
                    : find(batch.originClient[i], clock, section, own);
            left[i] = found;
            if (found >= 0 && batch.clock[found] + batch.length[found] != clock + 1) {
                needsCut(found, clock + 1);
            }
        }
        if ((flags & StructBatch.HAS_RIGHT) != 0) {
            long clock = batch.rightClock[i];
            int found = find(batch.rightClient[i], clock, section, own);
            right[i] = found;
            if (found >= 0 && batch.clock[found] != clock) {
                needsCut(found, clock);
            }
        }
        if (batch.parentClient[i] >= 0) {
            int[] holders = holder;
            if (holders == null || holders.length < batch.count) {
                holders = new int[batch.count];
                holder = holders;
            }
            holders[i] = find(batch.parentClient[i], batch.parentClock[i], section, own);
        }
    }

    /** The struct that holds a unit; the batch is declined if there is none. */
    private int find(long client, long clock, int ownSection, long own) {
        int section = client == own ? ownSection : sections.get(client);
        if (section < 0) {
            declined = true;
            return NONE;
        }
        int last = batch.sectionEnd[section] - 1;
        long[] clocks = batch.clock;
        if (clock >= clocks[last] + batch.length[last]) {
            declined = true;
            return NONE;
        }
        int place = indexStart[section] + (int) (clock >>> indexShift[section]);
        int at = index[place];
        for (int tries = 0; tries < NEAR; tries++) {
            if (at == last || clock < clocks[at + 1]) {
                return at;
            }
            at++;
        }
        int beyond = (place + 1 < indexStart[section + 1] ? index[place + 1] : last) + 1;
        while (beyond - at > 1) {
            int middle = at + beyond >>> 1;
            if (clocks[middle] <= clock) {
                at = middle;
            } else {
                beyond = middle;
            }
        }
        return at;
    }

    /** Makes the index, about as many places as there are structs: a client's clocks divided by the average length of its structs. */
    private void buildIndex() {
        int count = batch.sections;
        indexStart = new int[count + 1];
        indexShift = new byte[count];
        int from = 0;
        for (int section = 0; section < count; section++) {
            int to = batch.sectionEnd[section];
            long units = batch.clock[to - 1] + batch.length[to - 1];
            int shift = 63 - Long.numberOfLeadingZeros(Math.max(1, units / (to - from)));
            indexShift[section] = (byte) shift;
            indexStart[section + 1] = indexStart[section] + (int) (units - 1 >>> shift) + 1;
            from = to;
        }
        index = new int[indexStart[count]];
        from = 0;
        for (int section = 0; section < count; section++) {
            int to = batch.sectionEnd[section];
            int shift = indexShift[section];
            int start = indexStart[section];
            int place = 0;
            for (int i = from; i < to; i++) {
                long end = batch.clock[i] + batch.length[i];
                for (int beyond = (int) (end - 1 >>> shift) + 1; place < beyond; place++) {
                    index[start + place] = i;
                }
            }
            from = to;
        }
    }

    private void needsCut(int struct, long clock) {
        if (batch.ref[struct] == Items.GC) {
            return;
        }
        int offset = (int) (clock - batch.clock[struct]);
        if (batch.tears(struct, offset)) {
            declined = true;
            return;
        }
        if (cutCount == cuts.length) {
            cuts = Arrays.copyOf(cuts, 2 * cutCount + 16);
        }
        cuts[cutCount++] = (long) struct << 32 | offset;
    }

    private void cut() {
        Arrays.sort(cuts, 0, cutCount);
        int distinct = 1;
        for (int i = 1; i < cutCount; i++) {
            if (cuts[i] != cuts[distinct - 1]) {
                cuts[distinct++] = cuts[i];
            }
        }
        batch = batch.cut(cuts, distinct);
    }

    // linking

    /** Links structs until one refers to something that is not linked yet; returns where it stopped. */
    int run(int from, int to) {
        int at = from;
        while (at < to && !declined && missing(at) == NONE) {
            link(at);
            at++;
        }
        return declined ? to : at;
    }

    /** A struct that another refers to and that is not linked yet, or {@link Items#NONE}. */
    int missing(int i) {
        if (left[i] >= 0 && next[left[i]] == UNPLACED) {
            return left[i];
        }
        if (right[i] >= 0 && next[right[i]] == UNPLACED) {
            return right[i];
        }
        return batch.parentClient[i] >= 0 && next[holders()[i]] == UNPLACED ? holders()[i] : NONE;
    }

    /** Whether a struct has its place. */
    boolean isLinked(int i) {
        return next[i] != UNPLACED;
    }

    private int[] holders() {
        return Objects.requireNonNull(holder);
    }

    private void link(int i) {
        int before = left[i];
        int after = right[i];
        if (batch.ref[i] == Items.GC
                || before >= 0 && next[before] == GARBAGE
                || after >= 0 && next[after] == GARBAGE) {
            next[i] = GARBAGE;
            return;
        }
        int at = before >= 0 ? group[before] : after >= 0 ? group[after] : groupOf(i);
        if (at < 0) {
            next[i] = GARBAGE;
            return;
        }
        Group in = groups.get(at);
        if (in.key != null && batch.isPiece(i)) {
            declined = true;
            return;
        }
        int neighbour = before >= 0 ? next[before] : in.first;
        if (neighbour != after) {
            before = afterConflicts(i, before, after, neighbour);
        }
        group[i] = at;
        if (before >= 0) {
            next[i] = next[before];
            next[before] = i;
        } else {
            next[i] = in.first;
            in.first = i;
        }
    }

    /** As {@link Store#afterConflicts}. */
    private int afterConflicts(int i, int from, int to, int first) {
        long client = batch.client[i];
        int after = from;
        conflicts.clear();
        for (int other = first; other != END && other != to; other = next[other]) {
            if (++steps > (long) MOST_STEPS * next.length) {
                declined = true;
                return after;
            }
            conflicts.add(other);
            if (left[other] == left[i]) {
                if (batch.client[other] < client) {
                    after = other;
                    conflicts.settle();
                } else if (right[other] == right[i]) {
                    break;
                }
            } else {
                if (left[other] == NONE || !conflicts.seen(left[other])) {
                    break;
                }
                if (!conflicts.open(left[other])) {
                    after = other;
                    conflicts.settle();
                }
            }
        }
        return after;
    }

    /** The list or key that a struct without neighbours names, or {@link Items#NONE} if what should hold it is no type. */
    private int groupOf(int i) {
        Parent parent = parentOf(i);
        if (parent == null) {
            return NONE;
        }
        String key = batch.parentSub[i];
        if (key == null) {
            if (parent.list == NONE) {
                parent.list = add(parent, null);
            }
            return parent.list;
        }
        Map<String, Integer> keys = parent.keys;
        if (keys == null) {
            keys = new HashMap<>();
            parent.keys = keys;
        }
        return keys.computeIfAbsent(key, name -> add(parent, name));
    }

    private int add(Parent parent, @Nullable String key) {
        groups.add(new Group(parent, key));
        return groups.size() - 1;
    }

    private @Nullable Parent parentOf(int i) {
        if (batch.parentClient[i] < 0) {
            return roots.computeIfAbsent(Objects.requireNonNull(batch.parent[i]), name -> added(name, NONE));
        }
        int struct = holders()[i];
        if (batch.ref[struct] != Items.TYPE || next[struct] == GARBAGE) {
            return null;
        }
        Parent[] known = held;
        if (known == null) {
            known = new Parent[batch.count];
            held = known;
        }
        if (known[struct] == null) {
            known[struct] = added(null, struct);
        }
        return known[struct];
    }

    private Parent added(@Nullable String root, int struct) {
        Parent parent = new Parent(root, struct);
        parents.add(parent);
        return parent;
    }

    // into the store

    /** What is loaded: the batch, or pieces of it. */
    StructBatch pieces() {
        return batch;
    }

    /** Whether the batch turned out to be none to load. */
    boolean isDeclined() {
        return declined;
    }

    /** Puts everything into the store; all structs are linked. */
    void commit() {
        store.items.reserve(batch.count);
        store.arena.expectLatin(batch.latinUnits());
        boolean keyed = numberItems();
        int from = 0;
        for (int section = 0; section < batch.sections; section++) {
            int to = batch.sectionEnd[section];
            writeSection(from, to);
            from = to;
        }
        placeGroups();
        if (keyed) {
            deleteReplaced();
        }
        if (joinable || keyed) {
            store.changes.addedJoinable();
        }
        for (int i = 0; i < batch.count; i++) {
            if (batch.ref[i] == Items.DOC && next[i] != GARBAGE && !store.items.isGone(number[i])) {
                store.observer.documentAdded(number[i], (DocContent) Objects.requireNonNull(batch.content[i]));
            }
        }
    }

    /** Gives each struct the number of its item: neighbours in a list are neighbours in memory. Returns whether there are values under keys. */
    private boolean numberItems() {
        number = new int[batch.count];
        Arrays.fill(number, NONE);
        int item = 0;
        boolean keyed = false;
        for (Group each : groups) {
            if (each.key != null) {
                keyed = true;
                continue;
            }
            each.item = item;
            for (int i = each.first; i != END; i = next[i]) {
                number[i] = item++;
                joinable |= next[i] == i + 1 && mayJoin(i, i + 1);
            }
            each.count = item - each.item;
        }
        for (int i = 0; i < batch.count; i++) {
            if (number[i] == NONE) {
                number[i] = item++;
                joinable |= i > 0 && next[i] == GARBAGE && next[i - 1] == GARBAGE;
            }
        }
        return keyed;
    }

    /** Whether two neighbours of a list and of their client could be one item. */
    private boolean mayJoin(int i, int after) {
        return left[after] == i
                && right[after] == right[i]
                && batch.ref[after] == batch.ref[i]
                && batch.client[after] == batch.client[i];
    }

    private void writeSection(int from, int to) {
        Items items = store.items;
        long id = batch.client[from];
        int client = store.clients.intern(id);
        store.changes.willAdd(client);
        ClientItems own = store.clients.writable(client);
        for (int i = from; i < to; i++) {
            int item = number[i];
            write(items.own(item >>> Records.BITS), (item & Records.MASK) * Items.WIDTH, i, client, id);
        }
        own.fill(number, from, to, batch.clock, batch.length);
    }

    private void write(int[] page, int at, int i, int client, long id) {
        int clock = (int) batch.clock[i];
        int length = (int) batch.length[i];
        page[at + Items.CLOCK] = clock;
        page[at + Items.LENGTH] = length;
        page[at + Items.PREVIOUS] = NONE;
        page[at + Items.NEXT] = NONE;
        page[at + Items.PLACE] = Items.NOWHERE;
        page[at + Items.ORIGIN_CLIENT] = NONE;
        page[at + Items.RIGHT_CLIENT] = NONE;
        if (next[i] == GARBAGE) {
            page[at + Items.HEAD] = client << Items.CLIENT_SHIFT | Items.GC | Items.GONE;
            return;
        }
        if (left[i] >= 0) {
            page[at + Items.ORIGIN_CLIENT] = number(batch.originClient[i], client, id);
            page[at + Items.ORIGIN_CLOCK] = (int) batch.originClock[i];
        }
        if (right[i] >= 0) {
            page[at + Items.RIGHT_CLIENT] = number(batch.rightClient[i], client, id);
            page[at + Items.RIGHT_CLOCK] = (int) batch.rightClock[i];
        }
        int kind = batch.ref[i];
        int head = kind;
        if (kind == Items.STRING) {
            if (batch.latin[i]) {
                page[at + Items.CONTENT] = batch.copyLatin(i, store.arena);
            } else {
                head |= Items.WIDE;
                int start = store.arena.reserveWide(length);
                System.arraycopy(batch.text, batch.textStart[i], store.arena.wide, start, length);
                page[at + Items.CONTENT] = start;
            }
        } else if (kind == Items.DELETED) {
            head |= Items.GONE;
            store.changes.deletedForGood(client, clock, length);
        } else {
            page[at + Items.CONTENT] = content(i, kind);
        }
        page[at + Items.HEAD] = client << Items.CLIENT_SHIFT | head;
    }

    private int number(long id, int own, long ownId) {
        return id == ownId ? own : store.clients.intern(id);
    }

    private int content(int i, int kind) {
        if (kind == Items.TYPE) {
            TypeContent type = (TypeContent) Objects.requireNonNull(batch.content[i]);
            String name = type.name();
            return store.types.add(number[i], type.ref(), name == null ? NONE : store.slots.add(name));
        }
        int slot = store.slots.add(Integrator.content(batch.content[i], kind, 0));
        if (kind == Items.FORMAT) {
            store.formatKeys.register(slot, ((FormatContent) store.slots.get(slot)).key());
        }
        return slot;
    }

    /** Makes the trees of the lists and the chains of the keys. */
    private void placeGroups() {
        int[] types = new int[groups.size()];
        for (Parent parent : parents) {
            int type = parent.root != null ? store.internRoot(parent.root) : store.items.content(number[parent.holder]);
            if (parent.list >= 0) {
                types[parent.list] = type;
            }
            if (parent.keys != null) {
                parent.keys.values().forEach(chain -> types[chain] = type);
            }
        }
        for (int i = 0; i < types.length; i++) {
            Group each = groups.get(i);
            if (each.key == null) {
                store.tree.build(types[i], each.item, each.count);
            } else {
                chain(store.entries.intern(types[i], each.key), each.first);
            }
        }
    }

    private void chain(int entry, int first) {
        Items items = store.items;
        int before = NONE;
        for (int i = first; i != END; i = next[i]) {
            int item = number[i];
            items.set(item, Items.PREVIOUS, before);
            items.set(item, Items.NEXT, next[i] == END ? NONE : number[next[i]]);
            items.set(item, Items.PLACE, ~entry);
            before = item;
        }
        store.entries.tail(entry, before);
    }

    /** Under each key all but the last value are deleted, and what is below them. */
    private void deleteReplaced() {
        for (Group each : groups) {
            if (each.key != null) {
                for (int i = each.first; next[i] != END; i = next[i]) {
                    store.delete(number[i]);
                }
            }
        }
    }

    /** Whether nothing of a struct is left to delete. */
    boolean isGone(int i) {
        return next[i] == GARBAGE || batch.ref[i] == Items.DELETED;
    }
}
