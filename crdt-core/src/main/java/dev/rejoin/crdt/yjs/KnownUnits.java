package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

/**
 * Whether a struct of which the first units are known is the one they were the beginning of.
 *
 * <p>Its rest goes behind the known units. Where those stand in another list, have other neighbours, or are collected while the rest would not be, two
 * structs claim the same ids, and there is no place for the rest: yjs fails in the middle of the update or links it into two lists. What the known units
 * hold is not compared.
 */
final class KnownUnits {
    private final Store store;

    KnownUnits(Store store) {
        this.store = store;
    }

    /** Whether what is known of a struct contradicts it. O(log items) for a struct that is new or known as a whole. */
    boolean contradict(StructBatch batch, int at) {
        int next = store.clients.next(batch.client[at]);
        long clock = batch.clock[at];
        if (clock >= next || clock + batch.length[at] <= next || batch.ref[at] == Items.GC) {
            return false;
        }
        Items items = store.items;
        int client = store.clients.find(batch.client[at]);
        ClientItems own = store.clients.items(client);
        boolean collected = false;
        for (int from = (int) clock; from < next; ) {
            long position = own.position(from);
            int item = own.item((int) (position >>> 32), (int) position);
            if (items.kind(item) == Items.GC) {
                collected = true;
            } else if (!isPartOf(batch, at, client, item, from)) {
                return true;
            }
            from = items.end(item);
        }
        return collected && isAlive(batch, at);
    }

    /** Whether the units of an item from {@code from} on were inserted where the struct says that they were. */
    private boolean isPartOf(StructBatch batch, int at, int client, int item, int from) {
        Items items = store.items;
        boolean inside = items.clock(item) < from;
        int originClient = inside ? client : items.originClient(item);
        int originClock = inside ? from - 1 : items.originClock(item);
        int flags = batch.flags[at];
        boolean sameRight = (flags & StructBatch.HAS_RIGHT) == 0
                ? items.rightClient(item) == NONE
                : isUnit(items.rightClient(item), items.rightClock(item), batch.rightClient[at], batch.rightClock[at]);
        if (!sameRight) {
            return false;
        }
        if (from > batch.clock[at]) {
            return originClient == client && originClock == from - 1;
        }
        if ((flags & StructBatch.HAS_ORIGIN) != 0) {
            return isUnit(originClient, originClock, batch.originClient[at], batch.originClock[at]);
        }
        return originClient == NONE && ((flags & StructBatch.HAS_RIGHT) != 0 || isChild(batch, at, item));
    }

    private boolean isUnit(int client, int clock, long otherClient, long otherClock) {
        return client != NONE && clock == otherClock && store.clients.id(client) == otherClient;
    }

    /** Whether an item is in the list, or under the key, that a struct without neighbours names. */
    private boolean isChild(StructBatch batch, int at, int item) {
        String root = batch.parent[at];
        int type = root != null ? store.findRoot(root) : holder(batch, at);
        if (type == NONE) {
            return false;
        }
        int place = store.items.place(item);
        String key = batch.parentSub[at];
        return key == null
                ? place >= 0 && store.tree.typeOf(item) == type
                : place < 0 && ~place == store.entries.find(type, key);
    }

    /** The type in the item that a struct names as its parent's, or {@link Items#NONE}. */
    private int holder(StructBatch batch, int at) {
        if (batch.parentClock[at] >= store.clients.next(batch.parentClient[at])) {
            return NONE;
        }
        int item = store.itemAt(store.clients.find(batch.parentClient[at]), (int) batch.parentClock[at]);
        return store.items.kind(item) == Items.TYPE ? store.items.content(item) : NONE;
    }

    /** Whether all that a struct refers to is known, and nothing of it is collected. */
    private boolean isAlive(StructBatch batch, int at) {
        int flags = batch.flags[at];
        boolean hasOrigin = (flags & StructBatch.HAS_ORIGIN) != 0;
        boolean hasRight = (flags & StructBatch.HAS_RIGHT) != 0;
        if (hasOrigin && !isAlive(batch.originClient[at], batch.originClock[at])
                || hasRight && !isAlive(batch.rightClient[at], batch.rightClock[at])) {
            return false;
        }
        return hasOrigin || hasRight || batch.parent[at] != null || holder(batch, at) != NONE;
    }

    private boolean isAlive(long client, long clock) {
        return clock < store.clients.next(client)
                && store.items.kind(store.itemAt(store.clients.find(client), (int) clock)) != Items.GC;
    }
}
