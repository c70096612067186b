package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The run of text that somebody is typing at the end of, or deleting from: what makes a keystroke there a few stores instead of a search.
 *
 * <p>A keystroke makes the run longer, or shorter and the tombstone beside it longer; mostly no item comes, goes or moves. What that needs to know about the
 * run, its neighbours and its client was looked up once ({@link #look}) and holds as long as nobody else writes an item, which
 * {@link Records#writes} tells. The keystrokes themselves write past that count. They do what {@link Store#extend}, {@link Store#trimEnd} and
 * {@link Store#trimStart} do in a transaction of their own, and their update is written, and read, without a struct in between.
 *
 * <p>Only for runs of one-byte characters. Benchmarks: T1 to T3, T11, T15.
 */
final class Typing {
    /** What nobody has looked at yet. */
    private static final int UNKNOWN = -2;

    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private static final int STRING = Items.STRING | StructBatch.HAS_ORIGIN;

    private final Store store;
    private final Items items;
    private final ListTree tree;
    private final ClientItems nobody;

    // the run; true while items.writes is this
    private long writes = -1;
    private int item = NONE;
    private int type;
    private int leaf;
    private int client;
    private ClientItems own;
    private int[] page = {};
    private int at;

    /** Whether typing goes on with the run where it ends: for others, who name what is behind it; and here, where what is deleted is passed. */
    private boolean open;

    private boolean openHere;

    /** Whether the run is part of a text without formats: then deleting can make no mark redundant. */
    private boolean plain;

    /** The tombstones around the run, which take up what is deleted at its ends; {@link Items#NONE} where one would have to be made. */
    private int before;

    private int[] beforePage = {};
    private int beforeAt;
    private int behind;
    private int[] behindPage = {};
    private int behindAt;

    /** Where the client lists the run, and the tombstone behind it. */
    private int chunk;

    private int index;
    private int behindChunk;
    private int behindIndex;

    /** Whether the units that {@link #receivesTrimmed} has found are the last of the run, rather than the first. */
    private boolean trimmedAtEnd;

    // how updates write the run's client and its right origin
    private final byte[] id = new byte[10];
    private int idSize;
    private int idOf = NONE;
    private final byte[] right = new byte[20];
    private int rightSize;
    private int rightClient = NONE;
    private int rightClock;

    /** How the update of the next keystroke that somebody else makes at the end of the run begins, if it comes at this clock: compared by words. */
    private final byte[] expected = new byte[48];

    private int expectedSize;
    private int expectedClock = NONE;

    Typing(Store store) {
        this.store = store;
        items = store.items;
        tree = store.tree;
        nobody = new ClientItems(this);
        own = nobody;
    }

    // typing

    /** Whether the run is somebody's newest item, ends at {@code position} of a list, and goes on with what he types there. */
    boolean isTypedAt(int self, int listType, int position) {
        if (items.writes != writes || !tree.knows(listType, item, position, page[at + Items.LENGTH])) {
            int found = tree.itemEndingAt(listType, position);
            if (found == NONE || !look(found)) {
                return false;
            }
        }
        return client == self && openHere && own.next == runEnd();
    }

    /** Whether all characters are of one byte. */
    static boolean isTypable(String text) {
        int length = text.length();
        if (length == 1) {
            return text.charAt(0) <= 0xff;
        }
        int all = 0;
        for (int i = 0; i < length; i++) {
            all |= text.charAt(i);
        }
        return all <= 0xff;
    }

    /** Makes the run, which {@link #isTypedAt} has found, longer by characters of one byte. */
    void type(String text) {
        int length = text.length();
        int to = room(length);
        byte[] latin = store.arena.latin;
        if (length == 1) {
            latin[to] = (byte) text.charAt(0);
        } else {
            for (int i = 0; i < length; i++) {
                latin[to + i] = (byte) text.charAt(i);
            }
        }
        lengthen(length);
    }

    /** Where so many more characters of the run go. */
    private int room(int length) {
        TextArena arena = store.arena;
        int end = page[at + Items.CONTENT] + page[at + Items.LENGTH];
        if (end == arena.latinEnd) {
            return arena.reserveLatin(length);
        }
        int to = store.appendLatin(item, page[at + Items.LENGTH], length);
        writes = items.writes;
        return to;
    }

    private void lengthen(int units) {
        own.next = Math.addExact(own.next, units);
        page[at + Items.LENGTH] += units;
        tree.grow(type, leaf, item, units);
    }

    // deleting

    /** Whether the run ends before unit {@code end} of a list, has these {@code units}, and nothing but text and tombstones changes if they go. */
    boolean isTrimmedTo(int listType, int end, int units) {
        if (items.writes != writes || !tree.knows(listType, item, end, page[at + Items.LENGTH])) {
            int found = tree.itemEndingAt(listType, end);
            if (found == NONE || !look(found)) {
                return false;
            }
        }
        int length = page[at + Items.LENGTH];
        return plain ? units <= length : units < length && behind() != NONE;
    }

    /** Whether the run begins at unit {@code start} of a list, has more than these {@code units}, and nothing but text and tombstones changes if they go. */
    boolean isTrimmedFrom(int listType, int start, int units) {
        if (items.writes != writes || !tree.knows(listType, item, start, 0)) {
            int found = tree.itemStartingAt(listType, start);
            if (found == NONE || !look(found)) {
                return false;
            }
        }
        return units < page[at + Items.LENGTH] && (plain || before() != NONE);
    }

    /** Moves the last units of the run, or all, to the tombstone behind it, which is made if there is none. Returns the clock of the first of them. */
    int trimEnd(int units) {
        int keep = page[at + Items.LENGTH] - units;
        if (keep == 0 || behind() == NONE) {
            return keep == 0 ? drop() : changed(store.dropEnd(item, units));
        }
        int clock = page[at + Items.CLOCK] + keep;
        page[at + Items.LENGTH] = keep;
        behindPage[behindAt + Items.CLOCK] = clock;
        behindPage[behindAt + Items.ORIGIN_CLOCK] = clock - 1;
        behindPage[behindAt + Items.LENGTH] += units;
        own.clock(behindChunk, behindIndex, clock);
        trimmed(page[at + Items.CONTENT] + keep, units);
        return clock;
    }

    /** Moves the first units of the run to the tombstone before it, which is made if there is none. Returns the clock of the first of them. */
    int trimStart(int units) {
        if (before() == NONE) {
            return changed(store.dropStart(item, units));
        }
        int clock = page[at + Items.CLOCK];
        beforePage[beforeAt + Items.LENGTH] += units;
        page[at + Items.CLOCK] = clock + units;
        page[at + Items.ORIGIN_CLOCK] = clock + units - 1;
        page[at + Items.LENGTH] -= units;
        int text = page[at + Items.CONTENT];
        page[at + Items.CONTENT] = text + units;
        own.clock(chunk, index, clock + units);
        trimmed(text, units);
        return clock;
    }

    /** Makes a tombstone of all of the run, which is none then. */
    private int drop() {
        int clock = page[at + Items.CLOCK];
        int index = tree.startUnderCursor(item);
        int tombstone = store.drop(item);
        if (index != NONE) {
            tree.cursor(type, tombstone, index);
        }
        item = NONE;
        writes = -1;
        store.compactText();
        return clock;
    }

    /** Items were written, by ourselves: looks at the run again. */
    private int changed(int clock) {
        store.compactText();
        look(item);
        return clock;
    }

    private void trimmed(int text, int units) {
        tree.grow(type, leaf, item, -units);
        store.arena.freeLatin(text, units);
        store.compactText();
    }

    // what it is

    /** The run's client. */
    int client() {
        return client;
    }

    /** The type that the run is part of. */
    int type() {
        return type;
    }

    /** The index of the run's first unit. O(log items) */
    int start() {
        return tree.indexOf(item);
    }

    /** The index behind the run's last unit. O(log items) */
    int end() {
        return start() + page[at + Items.LENGTH];
    }

    /** The last characters of the run. */
    String newest(int units) {
        int to = page[at + Items.CONTENT] + page[at + Items.LENGTH];
        return new String(store.arena.latin, to - units, units, StandardCharsets.ISO_8859_1);
    }

    // updates

    /** The update of the last {@code units} characters that were typed. */
    byte[] typedUpdate(int units) {
        int clock = own.next - units;
        int from = page[at + Items.CONTENT] + page[at + Items.LENGTH] - units;
        byte[] latin = store.arena.latin;
        int size = units;
        for (int i = from; i < from + units; i++) {
            size -= latin[i] >> 7;
        }
        byte[] out = new byte[headSize(clock) + size(size) + size + 1];
        out[0] = 1;
        out[1] = 1;
        int to = put(out, 2, id, idSize);
        to = put(out, to, clock);
        out[to++] = (byte) (rightSize == 0 ? STRING : STRING | StructBatch.HAS_RIGHT);
        to = put(out, to, id, idSize);
        to = put(out, to, clock - 1);
        to = put(out, to, right, rightSize);
        to = put(out, to, size);
        for (int i = from; i < from + units; i++) {
            byte b = latin[i];
            if (b < 0) {
                out[to++] = (byte) (0xc0 | (b & 0xff) >>> 6);
                b = (byte) (0x80 | b & 0x3f);
            }
            out[to++] = b;
        }
        return out;
    }

    /** Bytes before the characters of an update. */
    private int headSize(int clock) {
        return 3 + 2 * idSize + size(clock) + size(clock - 1) + rightSize;
    }

    /** The update of a deletion of units of the run's client. */
    byte[] trimmedUpdate(int clock, int units) {
        byte[] out = new byte[3 + idSize + size(clock) + size(units)];
        out[1] = 1;
        int to = put(out, 2, id, idSize);
        out[to++] = 1;
        to = put(out, to, clock);
        put(out, to, units);
        return out;
    }

    /**
     * Whether these bytes are the update of a keystroke at the end of somebody's newest run. Returns the number of its units, or 0 if it is none: then
     * nothing is said of the update.
     */
    int receivesTyped(byte[] update, int self, UpdateLimits limits) {
        int size = update.length;
        int clock = own.next;
        int head = expectedSize;
        if (items.writes != writes || clock != expectedClock || size < head + 3 || !isExpected(update)) {
            if (items.writes != writes || !startsWithId(update)) {
                ClientItems theirs = clientOf(update);
                if (theirs.isEmpty() || !look(theirs.lastItem())) {
                    return 0;
                }
            }
            clock = own.next;
            head = headSize(clock);
            if (size < head + 3 || !isHead(update, clock)) {
                return 0;
            }
        }
        if (!open || client == self || size > limits.maxBytes() || runEnd() != clock) {
            return 0;
        }
        int units = update[head];
        if (size != head + units + 2 || units <= 0 || update[size - 1] != 0 || clock > limits.maxClock() - units) {
            return 0;
        }
        for (int i = head + 1; i < size; i++) {
            if (update[i] < 0) {
                return 0;
            }
        }
        return units;
    }

    /** Takes in the update that {@link #receivesTyped} has seen. */
    void receiveTyped(byte[] update, int units) {
        int to = room(units);
        System.arraycopy(update, update.length - 1 - units, store.arena.latin, to, units);
        lengthen(units);
        expect(own.next);
    }

    /** Writes down how the next update begins. As long as clocks take as many bytes as before, only they change. */
    private void expect(int clock) {
        int ofClock = size(clock);
        if (expectedClock == NONE || ofClock != size(expectedClock - 1) || ofClock != size(clock - 1)) {
            expectedSize = headSize(clock);
            if (expectedSize > expected.length) {
                expectedClock = NONE;
                return;
            }
            expected[0] = 1;
            expected[1] = 1;
            int to = put(expected, put(expected, 2, id, idSize), clock);
            expected[to] = (byte) (rightSize == 0 ? STRING : STRING | StructBatch.HAS_RIGHT);
            to = put(expected, put(expected, to + 1, id, idSize), clock - 1);
            put(expected, to, right, rightSize);
        } else {
            put(expected, 2 + idSize, clock);
            put(expected, 3 + 2 * idSize + ofClock, clock - 1);
        }
        expectedClock = clock;
    }

    /** Whether an update, which is longer than that, begins as the next one should. */
    private boolean isExpected(byte[] update) {
        int last = expectedSize - Long.BYTES;
        if (last < 0) {
            return false;
        }
        for (int i = 0; i < last; i += Long.BYTES) {
            if ((long) WORDS.get(update, i) != (long) WORDS.get(expected, i)) {
                return false;
            }
        }
        return (long) WORDS.get(update, last) == (long) WORDS.get(expected, last);
    }

    private boolean isHead(byte[] update, int clock) {
        int from = 2;
        if (!has(update, from, id, idSize)) {
            return false;
        }
        from += idSize;
        if (!has(update, from, clock)) {
            return false;
        }
        from += size(clock);
        if (update[from++] != (byte) (rightSize == 0 ? STRING : STRING | StructBatch.HAS_RIGHT)
                || !has(update, from, id, idSize)) {
            return false;
        }
        from += idSize;
        return has(update, from, clock - 1) && has(update, from + size(clock - 1), right, rightSize);
    }

    /**
     * Whether these bytes are an update that deletes the first or the last units of a run, or all. Returns the number of them, or 0 if it is not
     * that: then nothing is said of the update. {@link #isTrimmedAtEnd} tells which of the two it is.
     */
    int receivesTrimmed(byte[] update, UpdateLimits limits) {
        int size = update.length;
        boolean known = items.writes == writes && startsWithId(update);
        ClientItems theirs = known ? own : clientOf(update);
        int from = 2 + (known ? idSize : Varint.size(update, 2));
        if (theirs.isEmpty() || from + 3 > size || update[from++] != 1 || size > limits.maxBytes()) {
            return 0;
        }
        long read = Varint.read(update, from, size);
        from += (int) (read >>> Varint.LENGTH_SHIFT);
        long clock = read & Varint.VALUE;
        read = Varint.read(update, from, size);
        from += (int) (read >>> Varint.LENGTH_SHIFT);
        long units = read & Varint.VALUE;
        long end = clock + units;
        if (from != size || units == 0 || end > theirs.next || end > limits.maxClock()) {
            return 0;
        }
        boolean here = known && (page[at + Items.CLOCK] == clock || runEnd() == end);
        if (!here && !look(theirs.locate((int) clock)) || units > page[at + Items.LENGTH]) {
            return 0;
        }
        trimmedAtEnd = runEnd() == end;
        return trimmedAtEnd || page[at + Items.CLOCK] == clock ? (int) units : 0;
    }

    /** Whether what {@link #receivesTrimmed} has seen deletes the last units of the run; {@link #trimEnd} does it then, else {@link #trimStart}. */
    boolean isTrimmedAtEnd() {
        return trimmedAtEnd;
    }

    private int runEnd() {
        return page[at + Items.CLOCK] + page[at + Items.LENGTH];
    }

    private boolean startsWithId(byte[] update) {
        return update.length > idSize + 2 && has(update, 2, id, idSize);
    }

    /** The items of the client whose id stands behind the first two bytes; without any if nobody knows it. */
    private ClientItems clientOf(byte[] update) {
        int found = store.clients.find(Varint.read(update, 2, update.length) & Varint.VALUE);
        return found < 0 ? nobody : store.clients.items(found);
    }

    private static boolean has(byte[] in, int from, byte[] bytes, int count) {
        for (int i = 0; i < count; i++) {
            if (in[from + i] != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean has(byte[] in, int from, int value) {
        int i = from;
        int rest = value;
        while (rest > 0x7f) {
            if (in[i++] != (byte) (rest | 0x80)) {
                return false;
            }
            rest >>>= 7;
        }
        return in[i] == rest;
    }

    private static int size(int value) {
        return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : value < 1 << 28 ? 4 : 5;
    }

    private static int put(byte[] out, int from, long value) {
        int to = from;
        long rest = value;
        while (rest > 0x7f) {
            out[to++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        out[to++] = (byte) rest;
        return to;
    }

    private static int put(byte[] out, int to, byte[] bytes, int count) {
        for (int i = 0; i < count; i++) {
            out[to + i] = bytes[i];
        }
        return to + count;
    }

    // looking

    /** Makes an item the run, if it can be typed or backspaced at. */
    boolean look(int candidate) {
        writes = -1;
        expectedClock = NONE;
        int head = items.head(candidate);
        if ((head & (0xf | Items.GONE | Items.REDONE | Items.KEEP | Items.WIDE)) != Items.STRING
                || items.place(candidate) < 0) {
            return false;
        }
        item = candidate;
        client = items.client(candidate);
        own = store.clients.writable(client);
        leaf = items.place(candidate);
        type = tree.typeOf(candidate);
        page = items.own(candidate >>> Records.BITS);
        at = (candidate & Records.MASK) * Items.WIDTH;
        int itsRight = page[at + Items.RIGHT_CLIENT];
        int itsRightClock = page[at + Items.RIGHT_CLOCK];
        int next = page[at + Items.NEXT];
        open = next == NONE ? itsRight == NONE : itsRight == items.client(next) && itsRightClock == items.clock(next);
        plain = !store.types.hasFormats(type);
        openHere = open && plain && (next == NONE || !items.isGone(next));
        spell(itsRight, itsRightClock);
        before = UNKNOWN;
        behind = UNKNOWN;
        writes = items.writes;
        return true;
    }

    private int behind() {
        if (behind == UNKNOWN) {
            int next = page[at + Items.NEXT];
            int end = runEnd();
            behind = next != NONE && store.isTombstoneOf(item, next, end) ? next : NONE;
            if (behind != NONE) {
                behindPage = items.own(next >>> Records.BITS);
                behindAt = (next & Records.MASK) * Items.WIDTH;
                own.locate(end);
                own.ownLocated();
                behindChunk = own.locatedChunk();
                behindIndex = own.locatedIndex();
                writes = items.writes;
            }
        }
        return behind;
    }

    private int before() {
        if (before == UNKNOWN) {
            int previous = page[at + Items.PREVIOUS];
            before = previous != NONE && store.goesOnTombstone(previous, item) ? previous : NONE;
            if (before != NONE) {
                beforePage = items.own(previous >>> Records.BITS);
                beforeAt = (previous & Records.MASK) * Items.WIDTH;
                own.locate(page[at + Items.CLOCK]);
                own.ownLocated();
                chunk = own.locatedChunk();
                index = own.locatedIndex();
                writes = items.writes;
            }
        }
        return before;
    }

    private void spell(int itsRight, int itsRightClock) {
        if (idOf != client) {
            idSize = put(id, 0, store.clients.id(client));
            idOf = client;
        }
        if (itsRight == NONE) {
            rightSize = 0;
        } else if (rightSize == 0 || rightClient != itsRight || rightClock != itsRightClock) {
            rightSize = put(right, put(right, 0, store.clients.id(itsRight)), itsRightClock);
        }
        rightClient = itsRight;
        rightClock = itsRightClock;
    }
}
