package dev.rejoin.crdt.yjs;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The clients of a document, numbered in the order in which they were first seen, each with its items. */
final class Clients {
    /** Numbers have 20 bits. */
    static final int MOST = (1 << 20) - 2;

    private static final int ABSENT = -1;

    /** Never leaves the process; makes colliding ids unpredictable. */
    private static final long HASH_KEY = ReplicaId.random().bits();

    private long[] ids = new long[2];
    private ClientItems[] items = new ClientItems[2];
    private int count;

    /** Open addressing: number + 1, or 0. */
    private int[] table = new int[4];

    /** Numbers by descending id, null when a client has come since. */
    private int @Nullable [] descending;

    /** Where a search may well end. */
    private int lastFound;

    private Object stamp = new Object();
    private boolean directoryShared;

    Clients() {}

    private Clients(Clients source) {
        ids = source.ids;
        items = source.items;
        count = source.count;
        table = source.table;
        descending = source.descending;
    }

    /** A copy that is never written. O(1) */
    Clients freeze() {
        Clients frozen = new Clients(this);
        directoryShared = true;
        stamp = new Object();
        return frozen;
    }

    int count() {
        return count;
    }

    long id(int client) {
        return ids[client];
    }

    ClientItems items(int client) {
        return items[client];
    }

    /** The next clock of a client, 0 for one never seen. */
    int next(long id) {
        int client = find(id);
        return client < 0 ? 0 : items[client].next;
    }

    /** The items of a client, for writing. */
    ClientItems writable(int client) {
        ClientItems owned = items[client];
        if (owned.owner != stamp) {
            unshare();
            owned = new ClientItems(owned, stamp);
            items[client] = owned;
        }
        return owned;
    }

    private void unshare() {
        if (directoryShared) {
            ids = ids.clone();
            items = items.clone();
            table = table.clone();
            directoryShared = false;
        }
    }

    /** The number of a client, or −1. O(1) */
    int find(long id) {
        int last = lastFound;
        if (last < count && ids[last] == id) {
            return last;
        }
        int mask = table.length - 1;
        for (int at = hash(id) & mask; ; at = at + 1 & mask) {
            int found = table[at] - 1;
            if (found < 0) {
                return ABSENT;
            }
            if (ids[found] == id) {
                lastFound = found;
                return found;
            }
        }
    }

    /** The number of a client, a new one at first sight. */
    int intern(long id) {
        int found = find(id);
        if (found >= 0) {
            return found;
        }
        if (count == MOST) {
            throw new IllegalStateException("more than " + MOST + " clients in one document");
        }
        unshare();
        if (count == ids.length) {
            ids = Arrays.copyOf(ids, 2 * count);
            items = Arrays.copyOf(items, 2 * count);
        }
        if (2 * (count + 1) > table.length) {
            table = new int[2 * table.length];
            for (int i = 0; i < count; i++) {
                enter(i);
            }
        }
        ids[count] = id;
        items[count] = new ClientItems(stamp);
        enter(count);
        descending = null;
        return count++;
    }

    private void enter(int client) {
        int mask = table.length - 1;
        int at = hash(ids[client]) & mask;
        while (table[at] != 0) {
            at = at + 1 & mask;
        }
        table[at] = client + 1;
    }

    static int hash(long id) {
        long mixed = (id ^ HASH_KEY) * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32);
    }

    /** All numbers, the highest id first. The caller does not change the array. */
    int[] descending() {
        int[] known = descending;
        if (known == null) {
            long[] sorted = Arrays.copyOf(ids, count);
            Arrays.sort(sorted);
            known = new int[count];
            for (int i = 0; i < count; i++) {
                known[i] = find(sorted[count - 1 - i]);
            }
            descending = known;
        }
        return known;
    }
}
