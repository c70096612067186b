package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;
import static dev.rejoin.crdt.yjs.Items.NOWHERE;

/** Writes items and deletions of a store as an update. Only reads the store, which may be frozen. */
final class StateWriter {
    private static final int HAS_ORIGIN = 0x80;
    private static final int HAS_RIGHT = 0x40;
    private static final int HAS_SUB = 0x20;

    private StateWriter() {}

    /** What a holder of {@code known} lacks: the units from its clocks on, and all deletions. O(items) */
    static void writeState(Store store, StateVector known, UpdateWriter out) {
        Clients clients = store.clients;
        int[] order = clients.descending();
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
        for (int clock = from; clock < to; ) {
            int item = own.item(chunk, index);
            int start = items.clock(item);
            int end = Math.min(to, start + items.length(item));
            writeItem(store, item, clock - start, end - start, out);
            clock = end;
            if (++index == own.count(chunk)) {
                chunk++;
                index = 0;
            }
        }
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
        int groups = 0;
        int[] ranges = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            ranges[i] = countDeletes(store, order[i]);
            groups += ranges[i] > 0 ? 1 : 0;
        }
        out.deleteClients(groups);
        Items items = store.items;
        for (int i = 0; i < order.length; i++) {
            if (ranges[i] == 0) {
                continue;
            }
            out.deleteClient(store.clients.id(order[i]), ranges[i]);
            ClientItems own = store.clients.items(order[i]);
            int start = NONE;
            for (int chunk = 0; chunk < own.chunkCount(); chunk++) {
                for (int at = 0, n = own.count(chunk); at < n; at++) {
                    boolean gone = items.isGone(own.item(chunk, at));
                    if (gone && start == NONE) {
                        start = own.clock(chunk, at);
                    } else if (!gone && start != NONE) {
                        out.deleteRange(start, own.clock(chunk, at) - (long) start);
                        start = NONE;
                    }
                }
            }
            if (start != NONE) {
                out.deleteRange(start, own.next - (long) start);
            }
        }
    }

    private static int countDeletes(Store store, int client) {
        ClientItems own = store.clients.items(client);
        Items items = store.items;
        int ranges = 0;
        boolean before = false;
        for (int chunk = 0; chunk < own.chunkCount(); chunk++) {
            for (int at = 0, n = own.count(chunk); at < n; at++) {
                boolean gone = items.isGone(own.item(chunk, at));
                ranges += gone && !before ? 1 : 0;
                before = gone;
            }
        }
        return ranges;
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
