package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;
import static dev.rejoin.crdt.yjs.Items.NOWHERE;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The items of one document: where they stand, what they hold, and how a new one finds its place.
 *
 * <p>Mutable, single-owner: one thread at a time. {@link #freeze} gives other threads an immutable copy in O(1).
 *
 * <h2>Layout</h2>
 *
 * <p>No object per item. Fields of items are ints in pages ({@link Items}), characters lie in an arena ({@link TextArena}), other content in
 * slots ({@link Slots}). A client's items are listed by clock ({@link ClientItems}), a list's by position ({@link ListTree}), a
 * map's as chains under their keys ({@link Entries}).
 *
 * <h2>Order</h2>
 *
 * <p>Where an item goes is decided by its origin, its right origin and its client alone, so every order of arrival gives one list (YATA, Nicolaescu
 * et al., "Near Real-Time Peer-to-Peer Shared Editing on Extensible Data Types", 2016, in the form that yjs 13 has on the wire). Unit
 * <i>i</i> of an item has unit <i>i</i>−1 as its origin, which is why items may be cut and joined at will. Items are kept
 * joined as far as the wire allows.
 *
 * <h2>Transactions</h2>
 *
 * <p>{@link #changes} remembers what the open transaction has added, deleted and cut. When it ends, content that is gone is freed and neighbours
 * are joined; the bytes of the transaction are written after that.
 */
final class Store {
    final Items items;
    final Clients clients;
    final Types types;
    final Entries entries;
    final FormatKeys formatKeys;
    final ListTree tree;
    TextArena arena;
    final Slots slots;

    /** Type of each root by name, in the order of their creation. */
    private Map<String, Integer> roots;

    private boolean rootsShared;

    /** What the open transaction has done; another object while one that has ended is still being told of. */
    Changes changes = new Changes(this);

    private final Conflicts conflicts = new Conflicts();
    private final Siblings siblings;

    /** Where items came from that undo has brought back: item to {client, clock} of the copy's first unit. */
    private final Map<Integer, long[]> redone;

    /** Whether what is deleted may be freed at once: it is garbage, nobody is told of the content, and nothing will be taken back. */
    boolean eager;

    /** Told when a type's record is about to be given to another type, and of subdocuments that come and go. */
    final Observer observer;

    /** What the document above has to know while items change. */
    interface Observer {
        void typeDropped(int type);

        void documentAdded(int item, DocContent content);

        void documentRemoved(int item, DocContent content);
    }

    Store(Observer observer) {
        this.observer = observer;
        items = new Items();
        siblings = new Siblings(items);
        clients = new Clients();
        types = new Types();
        entries = new Entries(types);
        formatKeys = new FormatKeys();
        tree = new ListTree(items, types, formatKeys);
        arena = new TextArena();
        slots = new Slots();
        roots = new LinkedHashMap<>();
        redone = new HashMap<>();
    }

    private Store(Store source) {
        observer = source.observer;
        items = new Items(source.items);
        siblings = new Siblings(items);
        clients = source.clients.freeze();
        types = new Types(source.types);
        entries = new Entries(source.entries, types);
        formatKeys = source.formatKeys;
        tree = source.tree.freeze(items, types);
        arena = source.arena.freeze();
        slots = source.slots.freeze();
        roots = source.roots;
        redone = Map.of();
    }

    /** An immutable copy for any thread. O(1); pages are copied as they are written. */
    Store freeze() {
        rootsShared = true;
        tree.settle();
        return new Store(this);
    }

    // roots

    /** The type of a root, or {@link Items#NONE}. */
    int findRoot(String name) {
        Integer type = roots.get(name);
        return type == null ? NONE : type;
    }

    /** The type of a root, made at first sight without a kind. */
    int internRoot(String name) {
        Integer known = roots.get(name);
        if (known != null) {
            return known;
        }
        int type = types.add(NONE, Types.UNKNOWN, slots.add(name));
        if (rootsShared) {
            roots = new LinkedHashMap<>(roots);
            rootsShared = false;
        }
        roots.put(name, type);
        return type;
    }

    Map<String, Integer> roots() {
        return roots;
    }

    // finding and cutting

    /** The item that holds a unit that is known to be there. */
    int itemAt(int client, int clock) {
        return clients.items(client).locate(clock);
    }

    /** The item whose last unit is this one, cut there if need be. */
    int itemEndingAt(int client, int clock) {
        int item = clients.items(client).locate(clock);
        int keep = clock + 1 - items.clock(item);
        if (keep < items.length(item) && items.kind(item) != Items.GC) {
            split(item, keep);
        }
        return item;
    }

    /** The item whose first unit is this one, cut there if need be. */
    int itemStartingAt(int client, int clock) {
        int item = clients.items(client).locate(clock);
        int keep = clock - items.clock(item);
        return keep > 0 && items.kind(item) != Items.GC ? split(item, keep) : item;
    }

    /** Cuts an item after its first {@code keep} units; returns the new right part. The two are joined again when nothing has come between. */
    int split(int item, int keep) {
        int right = divide(item, keep);
        changes.cut(items.client(item), items.clock(right));
        return right;
    }

    /** As {@link #split}, for a caller that knows that the parts stay apart. */
    int divide(int item, int keep) {
        int client = items.client(item);
        int clock = items.clock(item) + keep;
        int length = items.length(item) - keep;
        int head = items.head(item);
        int kind = head & 0xf;
        int content = items.content(item);
        if (kind == Items.STRING) {
            content = splitText(item, keep);
            head = items.head(item);
        } else if (kind == Items.ANY || kind == Items.JSON) {
            content = slots.add(((ValueRun) slots.get(content)).from(keep));
        }
        int right = items.add(
                client,
                clock,
                length,
                client,
                clock - 1,
                items.rightClient(item),
                items.rightClock(item),
                head & 0xfff,
                content);
        if ((head & Items.REDONE) != 0) {
            long[] copy = redone(item);
            redone.put(right, new long[] {copy[0], copy[1] + keep});
        }
        boolean visible = Items.isVisible(head);
        items.set(item, Items.LENGTH, keep);
        int place = items.place(item);
        if (place >= 0) {
            if (visible) {
                tree.addVisible(item, -length);
            }
            tree.insert(tree.typeOf(item), item, right);
        } else if (place != NOWHERE) {
            linkInChain(~place, item, right);
        }
        ClientItems own = clients.writable(client);
        own.locate(clock - 1);
        own.insertAfterLocated(right, clock);
        return right;
    }

    /** Where the right part's characters are. A cut through a surrogate pair leaves two replacement characters, as in yjs. */
    private int splitText(int item, int keep) {
        int at = items.content(item);
        if (!items.is(item, Items.WIDE)) {
            return at + keep;
        }
        char[] wide = arena.wide;
        if (!Character.isHighSurrogate(wide[at + keep - 1]) || !Character.isLowSurrogate(wide[at + keep])) {
            return at + keep;
        }
        int length = items.length(item);
        int copy = arena.reserveWide(length);
        System.arraycopy(wide, at, arena.wide, copy, length);
        arena.wide[copy + keep - 1] = '\uFFFD';
        arena.wide[copy + keep] = '\uFFFD';
        arena.discard(true, length);
        items.set(item, Items.CONTENT, copy);
        return copy + keep;
    }

    private void linkInChain(int entry, int left, int item) {
        int right;
        if (left == NONE) {
            right = chainHead(entry);
        } else {
            right = items.next(left);
            items.set(left, Items.NEXT, item);
        }
        items.set(item, Items.PREVIOUS, left);
        items.set(item, Items.NEXT, right);
        items.set(item, Items.PLACE, ~entry);
        if (right != NONE) {
            items.set(right, Items.PREVIOUS, item);
        } else {
            entries.tail(entry, item);
        }
    }

    private int chainHead(int entry) {
        int head = entries.tail(entry);
        if (head != NONE) {
            for (int before = items.previous(head); before != NONE; before = items.previous(before)) {
                head = before;
            }
        }
        return head;
    }

    // adding

    /** Registers a new item of a client; its clock must be the client's next. */
    int add(
            int client,
            int length,
            int originClient,
            int originClock,
            int rightClient,
            int rightClock,
            int kindAndFlags,
            int content) {
        changes.willAdd(client);
        ClientItems own = clients.writable(client);
        if (originClient == client && originClock == own.next - 1 || (kindAndFlags & 0xf) == Items.GC) {
            changes.addedJoinable();
        }
        int item = items.add(
                client, own.next, length, originClient, originClock, rightClient, rightClock, kindAndFlags, content);
        own.append(item, length);
        return item;
    }

    /** Registers units of which nothing is left. */
    void addGarbage(int client, int length) {
        add(client, length, NONE, 0, NONE, 0, Items.GC | Items.GONE, 0);
    }

    /** The newest item of its client, live text in a list, goes on by some characters; nothing stands where they go. */
    void extend(int item, char[] text, int start, int length, boolean latin) {
        int before = items.length(item);
        if (latin && !items.is(item, Items.WIDE)) {
            int to = appendLatin(item, /* length= */ before, /* more= */ length);
            byte[] bytes = arena.latin;
            for (int i = 0; i < length; i++) {
                bytes[to + i] = (byte) text[start + i];
            }
        } else {
            int to = appendWide(item, /* length= */ before, /* more= */ length);
            System.arraycopy(text, start, arena.wide, to, length);
        }
        int client = items.client(item);
        changes.willAdd(client);
        clients.writable(client).next += length;
        items.set(item, Items.LENGTH, before + length);
        tree.grow(item, length);
    }

    /**
     * Gives a registered item its place between {@code left} and {@code right}, which stand where its origins are.
     *
     * @param type the list's type if {@code entry} is {@link Items#NONE}
     * @param entry of the map's key
     */
    void place(int item, int left, int right, int type, int entry) {
        int after = left;
        boolean inList = entry == NONE;
        int neighbour = left != NONE ? items.next(left) : inList ? types.first(type) : chainHead(entry);
        if (neighbour != right) {
            after = afterConflicts(item, left, right, neighbour, inList ? type : NONE);
        }
        int kind = items.kind(item);
        if (kind == Items.FORMAT) {
            int slot = items.content(item);
            formatKeys.register(slot, ((FormatContent) slots.get(slot)).key());
        }
        if (inList) {
            tree.insert(type, after, item);
        } else {
            linkInChain(entry, after, item);
            if (items.next(item) == NONE && after != NONE) {
                delete(after);
            }
        }
        switch (kind) {
            case Items.DELETED -> changes.deletedForGood(items.client(item), items.clock(item), items.length(item));
            case Items.TYPE -> {
                TypeContent content = (TypeContent) slots.get(items.content(item));
                String name = content.name();
                slots.release(items.content(item));
                items.set(item, Items.CONTENT, types.add(item, content.ref(), name == null ? NONE : slots.add(name)));
            }
            case Items.FORMAT -> {
                if (inList) {
                    types.set(type, Types.FORMATS, 1);
                    tree.addMark(item, formatKeys.bit(items.content(item)));
                }
            }
            case Items.DOC -> observer.documentAdded(item, (DocContent) slots.get(items.content(item)));
            default -> {}
        }
        int parent = inList ? type : entries.type(entry);
        changes.touched(parent, entry);
        int holder = types.item(parent);
        if (holder != NONE && items.isGone(holder) || !inList && items.next(item) != NONE) {
            delete(item);
        }
    }

    /**
     * The item that a new one goes behind, where others have been inserted at the same place: the rule of YATA.
     *
     * @param type of the list, or {@link Items#NONE} under a key
     */
    private int afterConflicts(int item, int left, int right, int first, int type) {
        long client = clients.id(items.client(item));
        int sibling = type == NONE ? NONE : siblings.below(type, item, client);
        boolean later = sibling != NONE && isSibling(sibling, item, type);
        int after = left;
        int steps = 0;
        conflicts.clear();
        for (int other = later ? sibling : first; other != NONE && other != right; other = items.next(other)) {
            steps++;
            conflicts.add(other);
            if (items.sameOrigin(other, item)) {
                if (clients.id(items.client(other)) < client) {
                    after = other;
                    conflicts.settle();
                } else if (items.sameRight(other, item)) {
                    break;
                }
            } else {
                int originClient = items.originClient(other);
                if (originClient == NONE) {
                    break;
                }
                int origin = itemAt(originClient, items.originClock(other));
                boolean seen = conflicts.seen(origin);
                if (!seen && !(later && (left == NONE || tree.isBefore(left, origin)))) {
                    break;
                }
                if (!seen || !conflicts.open(origin)) {
                    after = other;
                    conflicts.settle();
                }
            }
        }
        if (type != NONE) {
            if (steps > Siblings.MANY) {
                rememberSiblings(type, item, right, first);
            }
            siblings.add(client, item);
        }
        return after;
    }

    private boolean isSibling(int one, int item, int type) {
        return items.place(one) >= 0
                && clients.id(items.client(one)) < clients.id(items.client(item))
                && items.sameOrigin(one, item)
                && items.sameRight(one, item)
                && tree.typeOf(one) == type;
    }

    private void rememberSiblings(int type, int item, int right, int first) {
        siblings.begin(type, item);
        for (int other = first; other != NONE && other != right; other = items.next(other)) {
            if (items.sameOrigin(other, item) && items.sameRight(other, item)) {
                siblings.add(clients.id(items.client(other)), other);
            }
        }
    }

    // deleting

    /** Marks an item as deleted, with all that is below it. */
    void delete(int item) {
        if (items.isGone(item)) {
            return;
        }
        deleteOne(item);
        if (items.kind(item) == Items.TYPE) {
            deleteBelow(item);
        }
    }

    private void deleteBelow(int holder) {
        int[] pending = {holder};
        int count = 1;
        while (count > 0) {
            int next = pending[--count];
            if (items.isGone(next)) {
                if (next != holder) {
                    changes.orphaned(next);
                    continue;
                }
            } else {
                deleteOne(next);
            }
            if (items.kind(next) != Items.TYPE) {
                continue;
            }
            int type = items.content(next);
            changes.forget(type);
            // the list goes first, from its start on, then the keys, the oldest first: undo brings back in that order
            for (int entry = types.entries(type); entry != NONE; entry = entries.following(entry)) {
                int tail = entries.tail(entry);
                if (tail != NONE) {
                    pending = pushed(pending, count++, tail);
                }
            }
            for (int child = types.last(type); child != NONE; child = items.previous(child)) {
                pending = pushed(pending, count++, child);
            }
        }
    }

    private static int[] pushed(int[] stack, int count, int item) {
        int[] roomy = count == stack.length ? Arrays.copyOf(stack, 2 * count + 8) : stack;
        roomy[count] = item;
        return roomy;
    }

    private void deleteOne(int item) {
        int place = items.place(item);
        int visible = items.visible(item);
        items.flag(item, Items.GONE, true);
        if (place >= 0) {
            if (visible != 0) {
                tree.addVisible(item, -visible);
            }
            if (items.kind(item) == Items.FORMAT) {
                tree.recountMarks(item);
            }
            changes.touched(tree.typeOf(item), NONE);
        } else if (place != NOWHERE) {
            changes.touched(entries.type(~place), ~place);
        }
        changes.deleted(items.client(item), items.clock(item), items.length(item));
        if (items.kind(item) == Items.DOC) {
            observer.documentRemoved(item, (DocContent) slots.get(items.content(item)));
        }
    }

    /**
     * Deletes the last units of a text item, but not all of them, and frees them: cutting, deleting, freeing and joining in one. Backspacing makes the
     * tombstone behind the item longer.
     */
    void trimEnd(int item, int units) {
        changes.deletedForGood(items.client(item), dropEnd(item, units), units);
    }

    /** As {@link #trimEnd}, of a keystroke that is no transaction. Returns the clock of the first unit that goes. */
    int dropEnd(int item, int units) {
        int keep = items.length(item) - units;
        int client = items.client(item);
        int clock = items.clock(item) + keep;
        int next = items.next(item);
        arena.free(items.is(item, Items.WIDE), items.content(item) + keep, units);
        items.set(item, Items.LENGTH, keep);
        tree.grow(item, -units);
        ClientItems own = clients.writable(client);
        if (next != NONE && isTombstoneOf(item, next, clock + units)) {
            own.locate(clock + units);
            own.moveLocated(clock);
            items.set(next, Items.CLOCK, clock);
            items.set(next, Items.LENGTH, items.length(next) + units);
            items.set(next, Items.ORIGIN_CLOCK, clock - 1);
        } else {
            int right = items.add(
                    client,
                    clock,
                    units,
                    client,
                    clock - 1,
                    items.rightClient(item),
                    items.rightClock(item),
                    Items.DELETED | Items.GONE,
                    0);
            tree.insert(tree.typeOf(item), item, right);
            own.locate(clock - 1);
            own.insertAfterLocated(right, clock);
        }
        return clock;
    }

    /**
     * Deletes the first units of a text item, but not all of them, and frees them, as {@link #trimEnd} does at the other end: the tombstone before
     * the item becomes longer.
     */
    void trimStart(int item, int units) {
        changes.deletedForGood(items.client(item), dropStart(item, units), units);
    }

    /** As {@link #trimStart}, of a keystroke that is no transaction. Returns the clock of the first unit that goes. */
    int dropStart(int item, int units) {
        int client = items.client(item);
        int clock = items.clock(item);
        int left = items.previous(item);
        ClientItems own = clients.writable(client);
        arena.discard(items.is(item, Items.WIDE), units);
        items.set(item, Items.LENGTH, items.length(item) - units);
        tree.grow(item, -units);
        own.locate(clock);
        if (left != NONE && goesOnTombstone(left, item)) {
            items.set(left, Items.LENGTH, items.length(left) + units);
            own.moveLocated(clock + units);
        } else {
            int tombstone = items.add(
                    client,
                    clock,
                    units,
                    items.originClient(item),
                    items.originClock(item),
                    items.rightClient(item),
                    items.rightClock(item),
                    Items.DELETED | Items.GONE,
                    0);
            tree.insertBefore(item, tombstone);
            own.replaceLocated(tombstone);
            own.insertAfterLocated(item, clock + units);
        }
        items.set(item, Items.CLOCK, clock + units);
        items.set(item, Items.ORIGIN_CLIENT, client);
        items.set(item, Items.ORIGIN_CLOCK, clock + units - 1);
        items.set(item, Items.CONTENT, items.content(item) + units);
        return clock;
    }

    /** Whether the item before this one is what is left of the units that came before it. */
    boolean goesOnTombstone(int left, int item) {
        int client = items.client(item);
        return (items.head(left) & (0xf | Items.KEEP | Items.REDONE)) == Items.DELETED
                && items.client(left) == client
                && items.end(left) == items.clock(item)
                && items.originClient(item) == client
                && items.originClock(item) == items.clock(item) - 1
                && items.sameRight(left, item);
    }

    /** Whether {@code next}, the neighbour of an item that ends at a clock, is what is left of the units that came after it. */
    boolean isTombstoneOf(int item, int next, int end) {
        int client = items.client(item);
        return (items.head(next) & (0xf | Items.KEEP | Items.REDONE)) == Items.DELETED
                && items.client(next) == client
                && items.clock(next) == end
                && items.originClient(next) == client
                && items.originClock(next) == end - 1
                && items.sameRight(item, next);
    }

    /** Deletes a whole text item of a list, frees it, and joins it with the tombstones beside it. Returns what it is part of then. */
    int erase(int item) {
        changes.deletedForGood(items.client(item), items.clock(item), items.length(item));
        return drop(item);
    }

    /** As {@link #erase}, of a keystroke that is no transaction. */
    int drop(int item) {
        int length = items.length(item);
        arena.free(items.is(item, Items.WIDE), items.content(item), length);
        tree.addVisible(item, -length);
        items.flag(item, Items.WIDE, false);
        items.flag(item, Items.GONE, true);
        items.kind(item, Items.DELETED);
        items.set(item, Items.CONTENT, 0);
        int right = items.next(item);
        if (right != NONE && canJoin(item, right)) {
            joinInList(item, right);
        }
        int left = items.previous(item);
        if (left != NONE && canJoin(left, item)) {
            joinInList(left, item);
            return left;
        }
        return item;
    }

    private void joinInList(int left, int right) {
        ClientItems own = clients.writable(items.client(right));
        own.locate(items.clock(right));
        own.removeLocated();
        join(left, right);
    }

    /** Whether {@link #erase} may take an item. */
    boolean canErase(int item) {
        return eager
                && (items.head(item) & (0xf | Items.GONE | Items.KEEP | Items.REDONE)) == Items.STRING
                && items.place(item) >= 0;
    }

    /** Whether {@link #trimEnd} may take the units of an item from {@code keep} on, or {@link #trimStart} those before. */
    boolean canTrim(int item, int keep) {
        int head = items.head(item);
        if (!eager
                || keep == 0
                || (head & (0xf | Items.GONE | Items.KEEP | Items.REDONE)) != Items.STRING
                || items.place(item) < 0) {
            return false;
        }
        if ((head & Items.WIDE) == 0) {
            return true;
        }
        int at = items.content(item) + keep;
        return !Character.isHighSurrogate(arena.wide[at - 1]) || !Character.isLowSurrogate(arena.wide[at]);
    }

    // taking back

    /** A deleted item whose content is still there lives again. */
    void revive(int item) {
        items.flag(item, Items.GONE, false);
        int place = items.place(item);
        if (place >= 0) {
            int visible = items.visible(item);
            if (visible != 0) {
                tree.addVisible(item, visible);
            }
            if (items.kind(item) == Items.FORMAT) {
                tree.recountMarks(item);
            }
        }
        if (items.kind(item) == Items.DOC) {
            observer.documentAdded(item, (DocContent) slots.get(items.content(item)));
        }
    }

    /** Takes the units of a client from a clock on out of their lists and keys, the newest first. */
    void unlink(int client, int from) {
        ClientItems own = clients.writable(client);
        for (int clock = own.next; clock > from; ) {
            int item = own.locate(clock - 1);
            int place = items.place(item);
            int visible = items.visible(item);
            clock = items.clock(item);
            if (clock < from) {
                // typing has made an older item longer
                int kept = from - clock;
                if (place >= 0 && visible != 0) {
                    tree.addVisible(item, kept - visible);
                }
                items.set(item, Items.LENGTH, kept);
                return;
            }
            boolean live = !items.isGone(item);
            if (place >= 0) {
                if (visible != 0) {
                    tree.addVisible(item, -visible);
                }
                items.flag(item, Items.GONE, true);
                if (live && items.kind(item) == Items.FORMAT) {
                    tree.recountMarks(item);
                }
                tree.remove(item);
            } else if (place != NOWHERE) {
                unlinkFromChain(~place, item);
            }
            if (live && items.kind(item) == Items.DOC) {
                observer.documentRemoved(item, (DocContent) slots.get(items.content(item)));
            }
        }
    }

    /** Forgets the units of a client from a clock on, all of which, of whatever client, have been unlinked. */
    void retract(int client, int from) {
        ClientItems own = clients.writable(client);
        while (own.next > from) {
            int item = own.locate(own.next - 1);
            int start = items.clock(item);
            if (start < from) {
                own.next = from;
                return;
            }
            int kind = items.kind(item);
            if (kind == Items.TYPE) {
                dropType(items.content(item));
            } else {
                freeContent(item, kind);
            }
            own.removeLocated();
            own.next = start;
            items.release(item);
        }
    }

    private void unlinkFromChain(int entry, int item) {
        int left = items.previous(item);
        int right = items.next(item);
        if (left != NONE) {
            items.set(left, Items.NEXT, right);
        }
        if (right != NONE) {
            items.set(right, Items.PREVIOUS, left);
        } else {
            entries.tail(entry, left);
        }
    }

    private void dropType(int type) {
        observer.typeDropped(type);
        tree.dropList(type);
        entries.drop(type);
        int name = types.get(type, Types.NAME);
        if (name != NONE) {
            slots.release(name);
        }
        types.release(type);
    }

    // freeing

    /** Frees the content of a deleted item; what was below it leaves nothing but its clocks. */
    void free(int item) {
        int[] stack = NO_TYPES;
        int count = 0;
        int kind = items.kind(item);
        if (kind == Items.TYPE) {
            stack = new int[] {items.content(item)};
            count = 1;
        } else {
            freeContent(item, kind);
        }
        items.kind(item, Items.DELETED);
        items.set(item, Items.CONTENT, 0);
        while (count > 0) {
            int type = stack[--count];
            for (int child = types.first(type); child != NONE; ) {
                int after = items.next(child);
                stack = bury(child, stack, count);
                count = buried;
                child = after;
            }
            for (int entry = types.entries(type); entry != NONE; entry = entries.following(entry)) {
                for (int child = entries.tail(entry); child != NONE; ) {
                    int before = items.previous(child);
                    stack = bury(child, stack, count);
                    count = buried;
                    child = before;
                }
            }
            dropType(type);
        }
    }

    private static final int[] NO_TYPES = {};

    private int buried;

    private int[] bury(int item, int[] stack, int count) {
        int[] grown = stack;
        int kind = items.kind(item);
        buried = count;
        if (kind == Items.TYPE) {
            grown = pushed(stack, count, items.content(item));
            buried = count + 1;
        } else {
            freeContent(item, kind);
        }
        if (items.is(item, Items.REDONE)) {
            redone.remove(item);
            items.flag(item, Items.REDONE, false);
        }
        items.kind(item, Items.GC);
        items.set(item, Items.ORIGIN_CLIENT, NONE);
        items.set(item, Items.RIGHT_CLIENT, NONE);
        items.set(item, Items.PLACE, NOWHERE);
        items.set(item, Items.CONTENT, 0);
        return grown;
    }

    private void freeContent(int item, int kind) {
        switch (kind) {
            case Items.STRING -> arena.free(items.is(item, Items.WIDE), items.content(item), items.length(item));
            case Items.GC, Items.DELETED -> {}
            default -> slots.release(items.content(item));
        }
        items.flag(item, Items.WIDE, false);
    }

    // joining

    /** Joins all neighbours of a client between two clocks, and the items there with those just outside. */
    void joinRange(int client, int from, int to) {
        ClientItems own = clients.items(client);
        int clock = Math.min(to, own.next - 1);
        if (clock <= 0) {
            return;
        }
        long position = own.position(clock);
        int chunk = (int) (position >>> 32);
        int index = (int) position;
        int right = own.item(chunk, index);
        boolean joined = false;
        while (true) {
            int start = items.clock(right);
            if (start == 0 || start < from && !joined) {
                return;
            }
            int leftChunk = index > 0 ? chunk : chunk - 1;
            int leftIndex = index > 0 ? index - 1 : own.count(leftChunk) - 1;
            int left = own.item(leftChunk, leftIndex);
            joined = canJoin(left, right);
            if (joined) {
                own = clients.writable(client);
                own.locate(start);
                own.removeLocated();
                join(left, right);
            }
            chunk = leftChunk;
            index = leftIndex;
            right = left;
        }
    }

    private boolean canJoin(int left, int right) {
        int head = items.head(left);
        int other = items.head(right);
        int kind = head & 0xf;
        if (kind == Items.GC) {
            return (other & 0xf) == Items.GC;
        }
        if (((head ^ other) & (0xf | Items.GONE)) != 0
                || ((head | other) & Items.REDONE) != 0
                || items.next(left) != right
                || items.client(right) != items.client(left)
                || items.clock(right) != items.end(left)
                || items.originClient(right) != items.client(left)
                || items.originClock(right) != items.end(left) - 1
                || !items.sameRight(left, right)) {
            return false;
        }
        return switch (kind) {
            case Items.DELETED, Items.STRING, Items.ANY, Items.JSON -> true;
            default -> false;
        };
    }

    private void join(int left, int right) {
        int kind = items.kind(left);
        int leftLength = items.length(left);
        int rightLength = items.length(right);
        if (kind == Items.STRING) {
            joinText(left, leftLength, right, rightLength);
        } else if (kind == Items.ANY || kind == Items.JSON) {
            ValueRun joined = ((ValueRun) slots.get(items.content(left)))
                    .join(leftLength, (ValueRun) slots.get(items.content(right)), rightLength);
            slots.set(items.content(left), joined);
            slots.release(items.content(right));
        }
        if (items.is(right, Items.KEEP)) {
            items.flag(left, Items.KEEP, true);
        }
        int place = items.place(right);
        if (place >= 0) {
            if (items.visible(right) != 0) {
                tree.moveVisible(right, left, rightLength);
            }
            items.set(left, Items.LENGTH, leftLength + rightLength);
            tree.remove(right);
        } else {
            items.set(left, Items.LENGTH, leftLength + rightLength);
            if (place != NOWHERE) {
                int after = items.next(right);
                items.set(left, Items.NEXT, after);
                if (after != NONE) {
                    items.set(after, Items.PREVIOUS, left);
                } else {
                    entries.tail(~place, left);
                }
            }
        }
        items.release(right);
    }

    private void joinText(int left, int leftLength, int right, int rightLength) {
        boolean leftWide = items.is(left, Items.WIDE);
        boolean rightWide = items.is(right, Items.WIDE);
        int from = items.content(right);
        if (leftWide == rightWide && items.content(left) + leftLength == from) {
            return;
        }
        if (rightWide) {
            int to = appendWide(left, leftLength, rightLength);
            System.arraycopy(arena.wide, from, arena.wide, to, rightLength);
        } else if (leftWide) {
            int to = appendWide(left, leftLength, rightLength);
            for (int i = 0; i < rightLength; i++) {
                arena.wide[to + i] = (char) (arena.latin[from + i] & 0xff);
            }
        } else {
            int to = appendLatin(left, leftLength, rightLength);
            System.arraycopy(arena.latin, from, arena.latin, to, rightLength);
        }
        arena.discard(rightWide, rightLength);
    }

    /** Where {@code more} one-byte characters can be written behind those of an item of one-byte characters. */
    int appendLatin(int item, int length, int more) {
        int at = items.content(item);
        int end = at + length;
        if (end == arena.latinEnd) {
            return arena.reserveLatin(more);
        }
        if (arena.takeRoom(false, end, more)) {
            return end;
        }
        int slack = length / 2 + 16;
        int copy = arena.reserveLatin(length + more + slack);
        System.arraycopy(arena.latin, at, arena.latin, copy, length);
        arena.discard(false, length + slack);
        arena.addRoom(false, copy + length + more, slack);
        items.set(item, Items.CONTENT, copy);
        return copy + length;
    }

    /** As {@link #appendLatin}; an item of one-byte characters becomes one of two-byte characters. */
    int appendWide(int item, int length, int more) {
        int at = items.content(item);
        int end = at + length;
        boolean wide = items.is(item, Items.WIDE);
        if (wide && end == arena.wideEnd) {
            return arena.reserveWide(more);
        }
        if (wide && arena.takeRoom(true, end, more)) {
            return end;
        }
        int slack = length / 2 + 16;
        int copy = arena.reserveWide(length + more + slack);
        if (wide) {
            System.arraycopy(arena.wide, at, arena.wide, copy, length);
        } else {
            for (int i = 0; i < length; i++) {
                arena.wide[copy + i] = (char) (arena.latin[at + i] & 0xff);
            }
            items.flag(item, Items.WIDE, true);
        }
        arena.discard(wide, length);
        arena.discard(true, slack);
        arena.addRoom(true, copy + length + more, slack);
        items.set(item, Items.CONTENT, copy);
        return copy + length;
    }

    /** Moves the characters that are still in use together, if that is worth it. O(items), at most once per a third as many deleted characters. */
    void compactText() {
        if (!arena.wantsCompaction()) {
            return;
        }
        TextArena compact = arena.emptyOfLiveSize();
        for (int client = 0; client < clients.count(); client++) {
            ClientItems own = clients.items(client);
            for (int chunk = 0; chunk < own.chunkCount(); chunk++) {
                for (int i = 0, n = own.count(chunk); i < n; i++) {
                    int item = own.item(chunk, i);
                    if (items.kind(item) != Items.STRING) {
                        continue;
                    }
                    int length = items.length(item);
                    int from = items.content(item);
                    int to;
                    if (items.is(item, Items.WIDE)) {
                        to = compact.reserveWide(length);
                        System.arraycopy(arena.wide, from, compact.wide, to, length);
                    } else {
                        to = compact.reserveLatin(length);
                        System.arraycopy(arena.latin, from, compact.latin, to, length);
                    }
                    items.set(item, Items.CONTENT, to);
                }
            }
        }
        arena = compact;
    }

    // copies that undo has made

    /** Remembers that undo has brought an item's content back elsewhere. */
    void redone(int item, int copy) {
        redone.put(item, new long[] {clients.id(items.client(copy)), items.clock(copy)});
        items.flag(item, Items.REDONE, true);
    }

    boolean isRedone(int item) {
        return items.is(item, Items.REDONE);
    }

    /** The item that begins with the copy of an item's first unit, cut there if need be. */
    int redoneItem(int item) {
        long[] copy = redone(item);
        return itemStartingAt(clients.find(copy[0]), (int) copy[1]);
    }

    /** The client and the clock of the copy of an item's first unit. */
    private long[] redone(int item) {
        long[] copy = redone.get(item);
        if (copy == null) {
            throw new IllegalStateException("item " + item + " was never brought back");
        }
        return copy;
    }

    /** The newest copy of a unit: its item, and where in it the unit is in the upper half. */
    long newestCopy(int client, int clock) {
        int item = itemAt(client, clock);
        int offset = clock - items.clock(item);
        while (isRedone(item)) {
            long[] copy = redone(item);
            int at = (int) copy[1] + offset;
            item = itemAt(clients.find(copy[0]), at);
            offset = at - items.clock(item);
        }
        return (long) offset << 32 | item;
    }

    // reading

    void appendText(StringBuilder out, int item, int from, int to) {
        arena.appendTo(out, items.is(item, Items.WIDE), items.content(item) + from, to - from);
    }

    String text(int item) {
        StringBuilder text = new StringBuilder(items.length(item));
        appendText(text, item, 0, items.length(item));
        return text.toString();
    }

    /** The type that an item is part of, or {@link Items#NONE}. */
    int parentType(int item) {
        int place = items.place(item);
        return place >= 0 ? tree.typeOf(item) : place == NOWHERE ? NONE : entries.type(~place);
    }

    @Nullable
    String parentKey(int item) {
        int place = items.place(item);
        return place >= 0 || place == NOWHERE ? null : entries.key(~place);
    }

    /** The units of a client's next clock, by client id. */
    StateVector stateVector() {
        StateVector.Builder builder = StateVector.builder();
        for (int client = 0; client < clients.count(); client++) {
            int next = clients.items(client).next;
            if (next > 0) {
                builder.add(clients.id(client), next);
            }
        }
        return builder.build();
    }

    /** Throws an {@link AssertionError} unless everything hangs together. O(items) */
    void checkInvariants() {
        boolean[] typeSeen = new boolean[types.limit()];
        for (int type : roots.values()) {
            tree.checkInvariants(type);
            typeSeen[type] = true;
        }
        int latin = 0;
        int wide = 0;
        for (int client = 0; client < clients.count(); client++) {
            ClientItems own = clients.items(client);
            int clock = 0;
            for (int chunk = 0; chunk < own.chunkCount(); chunk++) {
                for (int i = 0, n = own.count(chunk); i < n; i++) {
                    int item = own.item(chunk, i);
                    check(own.clock(chunk, i) == clock, "listed clock of item", item);
                    check(items.clock(item) == clock && items.length(item) > 0, "clock of item", item);
                    check(items.client(item) == client, "client of item", item);
                    check(items.kind(item) != Items.GC || items.place(item) == NOWHERE, "place of garbage", item);
                    check(items.kind(item) == Items.GC || items.place(item) != NOWHERE, "place of item", item);
                    if (items.kind(item) == Items.STRING) {
                        latin += items.is(item, Items.WIDE) ? 0 : items.length(item);
                        wide += items.is(item, Items.WIDE) ? items.length(item) : 0;
                    } else if (items.kind(item) == Items.TYPE) {
                        int type = items.content(item);
                        check(types.item(type) == item, "holder of type", type);
                        tree.checkInvariants(type);
                        typeSeen[type] = true;
                    }
                    clock += items.length(item);
                }
            }
            check(own.next == clock, "next clock of client", client);
        }
        check(latin <= arena.latinInUse(), "characters of one byte", latin);
        check(wide <= arena.wideInUse(), "characters of two bytes", wide);
        for (int client = 0; client < clients.count(); client++) {
            ClientItems own = clients.items(client);
            for (int chunk = 0; chunk < own.chunkCount(); chunk++) {
                for (int i = 0, n = own.count(chunk); i < n; i++) {
                    int item = own.item(chunk, i);
                    int parent = parentType(item);
                    check(parent == NONE || typeSeen[parent], "type of item", item);
                    int place = items.place(item);
                    if (place < 0 && place != NOWHERE) {
                        int next = items.next(item);
                        check(
                                next == NONE ? entries.tail(~place) == item : items.previous(next) == item,
                                "chain",
                                item);
                        // of several values under one key that came as one item, any may have been deleted or divided
                        // off
                        boolean cut =
                                items.end(item) < own.next && items.place(itemAt(client, items.end(item))) == place;
                        check(next == NONE || items.isGone(item) || cut, "overwritten value", item);
                    }
                }
            }
        }
    }

    private static void check(boolean holds, String what, int number) {
        if (!holds) {
            throw new AssertionError("broken: " + what + " " + number);
        }
    }
}
