package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;
import static dev.rejoin.crdt.yjs.Items.NOWHERE;

import java.util.Arrays;

/** Writes items and deletions of a store as an update. Only reads the store, which may be frozen. */
final class StateWriter {
    private static final int HAS_ORIGIN = 0x80;
    private static final int HAS_RIGHT = 0x40;
    private static final int HAS_SUB = 0x20;

    /** Bytes of an info byte, two ids and a length. */
    private static final int HEAD_MOST = 1 + 5 * 10;

    private StateWriter() {}

    /** What a holder of {@code known} lacks: the units from its clocks on, and all deletions. O(items) */
    static void writeState(Store store, StateVector known, UpdateWriter out) {
        Clients clients = store.clients;
        int[] order = clients.descending();
        if (known.size() == 0) {
            out.expect(store.items.live(), store.arena.latinEnd);
        }
        int sections = 0;
        for (int client : order) {
            if (clients.items(client).next > known.get(clients.id(client))) {
                sections++;
            }
        }
        out.count(sections);
        for (int client : order) {
            long from = known.get(clients.id(client));
            if (clients.items(client).next > from) {
                writeItems(store, client, (int) from, clients.items(client).next, out);
            }
        }
        writeDeletes(store, order, out);
    }

    /** What the open transaction has done. */
    static void writeChanges(Store store, Changes changes, UpdateWriter out) {
        changes.sortGrown();
        changes.sortDeletes();
        int sections = changes.grownCount();
        out.count(sections);
        for (int i = 0; i < sections; i++) {
            int client = changes.grownClient(i);
            writeItems(store, client, changes.before(client), changes.grownTo(i), out);
        }
        int deletes = changes.deleteCount();
        int groups = 0;
        for (int i = 0; i < deletes; i++) {
            groups += i == 0 || changes.deleteClient(i) != changes.deleteClient(i - 1) ? 1 : 0;
        }
        out.deleteClients(groups);
        for (int i = 0; i < deletes; ) {
            int client = changes.deleteClient(i);
            int end = i;
            while (end < deletes && changes.deleteClient(end) == client) {
                end++;
            }
            out.deleteClient(store.clients.id(client), end - i);
            for (; i < end; i++) {
                out.deleteRange(changes.deleteClock(i), changes.deleteLength(i));
            }
        }
    }

    /** The units of a client from one clock to another, the first and the last item cut there. */
    static void writeItems(Store store, int client, int from, int to, UpdateWriter out) {
        ClientItems own = store.clients.items(client);
        Items items = store.items;
        long first = own.position(from);
        long last = own.position(to - 1);
        int chunk = (int) (first >>> 32);
        int index = (int) first;
        int lastChunk = (int) (last >>> 32);
        int lastIndex = (int) last;
        int count = lastIndex - index + 1;
        for (int i = chunk; i < lastChunk; i++) {
            count += own.count(i);
        }
        out.section(count, store.clients.id(client), from);
        Sink bytes = out instanceof UpdateWriterV1 v1 ? v1.out() : null;
        for (int clock = from; clock < to; ) {
            int item = own.item(chunk, index);
            int start = items.clock(item);
            int end = Math.min(to, start + items.length(item));
            if (bytes == null || !writeText(store, item, clock - start, end - start, bytes)) {
                writeItem(store, item, clock - start, end - start, out);
            }
            clock = end;
            if (++index == own.count(chunk)) {
                chunk++;
                index = 0;
            }
        }
    }

    /**
     * As {@link #writeItem} for what most items are: one-byte characters, or what is left of them, between others of a list; in the first encoding and in one go.
     * Returns whether it was that. Benchmark: T6.
     */
    private static boolean writeText(Store store, int item, int offset, int end, Sink out) {
        int[] page = store.items.pages[item >>> Records.BITS];
        int at = (item & Records.MASK) * Items.WIDTH;
        int head = page[at + Items.HEAD];
        int kind = head & 0xf;
        int originClient = offset > 0 ? head >>> Items.CLIENT_SHIFT : page[at + Items.ORIGIN_CLIENT];
        int rightClient = page[at + Items.RIGHT_CLIENT];
        if ((kind != Items.STRING || (head & Items.WIDE) != 0) && kind != Items.DELETED
                || page[at + Items.PLACE] < 0
                || originClient == NONE && rightClient == NONE) {
            return false;
        }
        Clients clients = store.clients;
        out.ensure(HEAD_MOST);
        byte[] bytes = out.bytes;
        int to = out.size;
        bytes[to++] = (byte) (kind | (originClient != NONE ? HAS_ORIGIN : 0) | (rightClient != NONE ? HAS_RIGHT : 0));
        if (originClient != NONE) {
            to = put(bytes, to, clients.id(originClient));
            to = put(bytes, to, offset > 0 ? page[at + Items.CLOCK] + offset - 1L : page[at + Items.ORIGIN_CLOCK]);
        }
        if (rightClient != NONE) {
            to = put(bytes, to, clients.id(rightClient));
            to = put(bytes, to, page[at + Items.RIGHT_CLOCK]);
        }
        out.size = to;
        if (kind == Items.DELETED) {
            out.size = put(bytes, to, end - offset);
        } else {
            int content = page[at + Items.CONTENT];
            out.varStringLatin1(store.arena.latin, content + offset, content + end);
        }
        return true;
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

    /** The units of an item from {@code offset} to {@code end}. */
    static void writeItem(Store store, int item, int offset, int end, UpdateWriter out) {
        Items items = store.items;
        Clients clients = store.clients;
        int head = items.head(item);
        int kind = head & 0xf;
        if (kind == Items.GC) {
            out.gc(end - offset);
            return;
        }
        int originClient = offset > 0 ? items.client(item) : items.originClient(item);
        int rightClient = items.rightClient(item);
        int place = items.place(item);
        boolean keyed = place < 0 && place != NOWHERE;
        out.info(kind
                | (originClient != NONE ? HAS_ORIGIN : 0)
                | (rightClient != NONE ? HAS_RIGHT : 0)
                | (keyed ? HAS_SUB : 0));
        if (originClient != NONE) {
            out.leftId(
                    clients.id(originClient), offset > 0 ? items.clock(item) + offset - 1L : items.originClock(item));
        }
        if (rightClient != NONE) {
            out.rightId(clients.id(rightClient), items.rightClock(item));
        }
        if (originClient == NONE && rightClient == NONE) {
            int type = keyed ? store.entries.type(~place) : store.tree.typeOf(item);
            int holder = store.types.item(type);
            if (holder == NONE) {
                out.parentRoot((String) store.slots.get(store.types.get(type, Types.NAME)));
            } else {
                out.parentId(clients.id(items.client(holder)), items.clock(holder));
            }
            if (keyed) {
                out.parentSub(store.entries.key(~place));
            }
        }
        writeContent(store, item, kind, offset, end, out);
    }

    /** The content of an item from {@code offset} to {@code end}. */
    static void writeContent(Store store, int item, int kind, int offset, int end, UpdateWriter out) {
        Items items = store.items;
        int content = items.content(item);
        switch (kind) {
            case Items.DELETED -> out.deleted(end - offset);
            case Items.STRING -> {
                if (items.is(item, Items.WIDE)) {
                    out.string(store.arena.wide, content + offset, content + end);
                } else {
                    out.string(store.arena.latin, content + offset, content + end);
                }
            }
            case Items.JSON -> {
                Object[] values = ((ValueRun) store.slots.get(content)).copy(offset, end - offset);
                out.json(values, 0, values.length);
            }
            case Items.ANY -> {
                Object[] values = ((ValueRun) store.slots.get(content)).copy(offset, end - offset);
                out.any(values, 0, values.length);
            }
            case Items.BINARY -> out.binary((byte[]) store.slots.get(content));
            case Items.EMBED -> out.embed(((EmbedContent) store.slots.get(content)).value());
            case Items.FORMAT -> out.format((FormatContent) store.slots.get(content));
            case Items.TYPE -> out.type(typeContent(store, content));
            case Items.DOC -> out.doc((DocContent) store.slots.get(content));
            default -> throw new AssertionError("content kind " + kind);
        }
    }

    static TypeContent typeContent(Store store, int type) {
        int name = store.types.get(type, Types.NAME);
        return new TypeContent(store.types.kind(type), name == NONE ? null : (String) store.slots.get(name));
    }

    /** All deletions, joined, the highest client id first. O(items) */
    private static void writeDeletes(Store store, int[] order, UpdateWriter out) {
        int[] ranges = new int[store.items.live() + 2];
        int[] ends = new int[order.length];
        int filled = 0;
        int groups = 0;
        for (int i = 0; i < order.length; i++) {
            int before = filled;
            ClientItems own = store.clients.items(order[i]);
            if (ranges.length - filled < own.size() + 2) {
                ranges = Arrays.copyOf(ranges, Math.max(filled + own.size() + 2, ranges.length + (ranges.length >> 1)));
            }
            filled = collectDeletes(store.items, own, ranges, filled);
            ends[i] = filled;
            groups += filled > before ? 1 : 0;
        }
        out.deleteClients(groups);
        int at = 0;
        for (int i = 0; i < order.length; i++) {
            if (ends[i] > at) {
                out.deleteClient(store.clients.id(order[i]), ends[i] - at >> 1);
                for (; at < ends[i]; at += 2) {
                    out.deleteRange(ranges[at], ranges[at + 1]);
                }
            }
        }
    }

    /** Puts the first clock and the length of each stretch of deleted units of a client into {@code ranges}; returns where they end. */
    private static int collectDeletes(Items items, ClientItems own, int[] ranges, int from) {
        int filled = from;
        int start = NONE;
        for (int chunk = 0; chunk < own.chunkCount(); chunk++) {
            for (int at = 0, n = own.count(chunk); at < n; at++) {
                boolean gone = items.isGone(own.item(chunk, at));
                if (gone != (start != NONE)) {
                    int clock = own.clock(chunk, at);
                    if (gone) {
                        start = clock;
                    } else {
                        ranges[filled++] = start;
                        ranges[filled++] = clock - start;
                        start = NONE;
                    }
                }
            }
        }
        if (start != NONE) {
            ranges[filled++] = start;
            ranges[filled++] = own.next - start;
        }
        return filled;
    }

    /** All deletions of a store. O(items) */
    static DeleteSet deleteSet(Store store) {
        DeleteSet.Builder builder = DeleteSet.builder();
        Items items = store.items;
        for (int client = 0; client < store.clients.count(); client++) {
            long id = store.clients.id(client);
            ClientItems own = store.clients.items(client);
            for (int chunk = 0; chunk < own.chunkCount(); chunk++) {
                for (int at = 0, n = own.count(chunk); at < n; at++) {
                    int item = own.item(chunk, at);
                    if (items.isGone(item)) {
                        builder.add(id, items.clock(item), items.length(item));
                    }
                }
            }
        }
        return builder.build();
    }
}
