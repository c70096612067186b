package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.Arrays;

/**
 * Compares what an update says of known units with what the document holds of them: origins, parent, key and content, piece by piece
 * as both are cut. Content that one of them has forgotten, because it was deleted, cannot be compared.
 *
 * <p>Where a string was cut within a character, yjs puts U+FFFD in the place of both halves. So pieces with halves of characters, or with
 * that one, are passed over.
 */
final class Contradictions {
    private static final char REPLACEMENT = '\ufffd';

    private final Store store;
    private final UpdateWriter ours = UpdateWriter.v1();
    private final UpdateWriter theirs = UpdateWriter.v1();

    Contradictions(Store store) {
        this.store = store;
    }

    /**
     * O(structs), and O(units · log items) for those that are known.
     *
     * @throws ContradictoryUpdateException if a known unit is another one in the batch
     */
    void check(StructBatch batch) {
        for (int i = 0; i < batch.count; i++) {
            int client = store.clients.find(batch.client[i]);
            if (client >= 0 && batch.clock[i] < store.clients.items(client).next) {
                check(batch, i, client);
            }
        }
    }

    private void check(StructBatch batch, int i, int client) {
        if (batch.ref[i] == Items.GC || batch.ref[i] == Items.DELETED) {
            return;
        }
        ClientItems own = store.clients.items(client);
        Items items = store.items;
        int start = (int) batch.clock[i];
        int stop = (int) Math.min(start + batch.length[i], own.next);
        long position = own.position(start);
        int chunk = (int) (position >>> 32);
        int index = (int) position;
        for (int clock = start; clock < stop; ) {
            int item = own.item(chunk, index);
            int end = Math.min(stop, items.end(item));
            if (isAtHand(item) && !isSame(batch, i, item, clock, end)) {
                throw new ContradictoryUpdateException(batch.client[i], clock);
            }
            clock = end;
            if (++index == own.count(chunk)) {
                chunk++;
                index = 0;
            }
        }
    }

    private boolean isAtHand(int item) {
        return !store.items.isGone(item) && store.items.kind(item) != Items.GC;
    }

    private boolean isSame(StructBatch batch, int i, int item, int clock, int end) {
        int kind = store.items.kind(item);
        if (kind != batch.ref[i]) {
            return false;
        }
        int from = clock - (int) batch.clock[i];
        int to = end - (int) batch.clock[i];
        if (!isSameHead(batch, i, from, item, clock)) {
            return false;
        }
        if (kind == Items.STRING && hasHalves(batch, i, from, to)) {
            return true;
        }
        int offset = clock - store.items.clock(item);
        ours.reset();
        theirs.reset();
        StateWriter.writeContent(store, item, kind, offset, end - store.items.clock(item), ours);
        batch.writeContent(i, from, to, theirs);
        return Arrays.equals(ours.toByteArray(), theirs.toByteArray());
    }

    /** Each unit but the first of a row has the one before it as its origin. */
    private boolean isSameHead(StructBatch batch, int i, int from, int item, int clock) {
        Items items = store.items;
        int offset = clock - items.clock(item);
        int flags = batch.flags[i];
        boolean origin = from > 0 || (flags & StructBatch.HAS_ORIGIN) != 0;
        boolean right = (flags & StructBatch.HAS_RIGHT) != 0;
        int ourOrigin = offset > 0 ? items.client(item) : items.originClient(item);
        int ourRight = items.rightClient(item);
        if (origin != (ourOrigin != NONE) || right != (ourRight != NONE)) {
            return false;
        }
        if (origin
                && (store.clients.id(ourOrigin) != (from > 0 ? batch.client[i] : batch.originClient[i])
                        || (offset > 0 ? clock - 1L : items.originClock(item))
                                != (from > 0 ? clock - 1L : batch.originClock[i]))) {
            return false;
        }
        if (right
                && (store.clients.id(ourRight) != batch.rightClient[i]
                        || items.rightClock(item) != batch.rightClock[i])) {
            return false;
        }
        return origin || right || isSameParent(batch, i, item);
    }

    private boolean isSameParent(StructBatch batch, int i, int item) {
        Items items = store.items;
        int place = items.place(item);
        if (place == Items.NOWHERE) {
            return true;
        }
        boolean keyed = place < 0;
        int type = keyed ? store.entries.type(~place) : store.tree.typeOf(item);
        int holder = store.types.item(type);
        String root = batch.parent[i];
        if (holder == NONE
                ? !store.slots.get(store.types.get(type, Types.NAME)).equals(root)
                : root != null
                        || store.clients.id(items.client(holder)) != batch.parentClient[i]
                        || items.clock(holder) != batch.parentClock[i]) {
            return false;
        }
        String key = batch.parentSub[i];
        return keyed ? store.entries.key(~place).equals(key) : key == null;
    }

    private static boolean hasHalves(StructBatch batch, int i, int from, int to) {
        for (int k = batch.textStart[i] + from, stop = batch.textStart[i] + to; k < stop; k++) {
            char unit = batch.text[k];
            if (Character.isSurrogate(unit) || unit == REPLACEMENT) {
                return true;
            }
        }
        return false;
    }
}
