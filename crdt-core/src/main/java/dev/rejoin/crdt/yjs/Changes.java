package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the open transaction of a store has done so far. Reused from one transaction to the next. */
final class Changes {
    /** What a large transaction may leave behind, in ints. */
    private static final int KEPT = 512;

    private final Store store;

    /** Whether somebody wants to know which types have changed. */
    boolean watched;

    // by client: the clock before the transaction, if the stamp is the transaction's
    private int[] before = new int[2];
    private long[] beforeStamps = new long[2];
    private long stamp = 1;
    private int[] grown = new int[2];
    private int grownCount;

    /** By place in {@link #grown}: the next clock when the transaction ended. */
    private int[] after = new int[2];

    /** Client, clock, length of what was deleted, three ints each. */
    private int[] deletes = new int[12];

    private int deleteCount;
    private boolean deletesSorted = true;
    private final Set<Long> deleteOrder = new LinkedHashSet<>();

    /** Whether something was deleted that has to be freed and joined. */
    private boolean untidy;

    /** Whether an item was added that may go on with the one before it. */
    private boolean unjoined;

    /** Client and clock of items that may have become joinable with what is before them; ~client if with what is behind them too. */
    private int[] cuts = new int[8];

    private int cutCount;

    private final Map<Integer, Set<@Nullable String>> touched = new LinkedHashMap<>();

    // the keystroke that the transaction is, if it is one: in which text, where, what was typed or how much deleted
    private int keyType = NONE;
    private int keyIndex;
    private String keyTyped = "";
    private int keyTrimmed;

    Changes(Store store) {
        this.store = store;
    }

    void reset() {
        stamp++;
        grownCount = 0;
        deleteCount = 0;
        deletesSorted = true;
        if (!deleteOrder.isEmpty()) {
            deleteOrder.clear();
        }
        untidy = false;
        unjoined = false;
        cutCount = 0;
        keyType = NONE;
        if (!touched.isEmpty()) {
            touched.clear();
        }
        if (deletes.length > KEPT) {
            deletes = new int[12];
        }
        if (cuts.length > KEPT) {
            cuts = new int[8];
        }
    }

    boolean isEmpty() {
        return grownCount == 0 && deleteCount == 0;
    }

    // what is added

    void willAdd(int client) {
        if (client >= before.length) {
            int room = Math.max(client + 1, 2 * before.length);
            before = Arrays.copyOf(before, room);
            beforeStamps = Arrays.copyOf(beforeStamps, room);
        }
        if (beforeStamps[client] != stamp) {
            beforeStamps[client] = stamp;
            before[client] = store.clients.items(client).next;
            if (grownCount == grown.length) {
                grown = Arrays.copyOf(grown, 2 * grownCount);
            }
            grown[grownCount++] = client;
        }
    }

    boolean hasGrown(int client) {
        return client < before.length && beforeStamps[client] == stamp;
    }

    void addedJoinable() {
        unjoined = true;
    }

    /** The next clock of a client when the transaction began. */
    int before(int client) {
        return client < before.length && beforeStamps[client] == stamp
                ? before[client]
                : store.clients.items(client).next;
    }

    /** Whether an item's units, or some of them, are of this transaction. */
    boolean isNew(int item) {
        Items items = store.items;
        return items.end(item) > before(items.client(item));
    }

    /** The transaction is over: what clients do from now on belongs to the next one. */
    void close() {
        if (after.length < grownCount) {
            after = new int[grown.length];
        }
        for (int i = 0; i < grownCount; i++) {
            after[i] = store.clients.items(grown[i]).next;
        }
        sortDeletes();
    }

    int grownCount() {
        return grownCount;
    }

    /** The clients that have grown, the highest id first. */
    int grownClient(int index) {
        return grown[index];
    }

    /** The next clock of a grown client when the transaction ended. */
    int grownTo(int index) {
        return after[index];
    }

    void sortGrown() {
        if (grownCount > 1) {
            Clients clients = store.clients;
            long[] ids = new long[grownCount];
            for (int i = 0; i < grownCount; i++) {
                ids[i] = clients.id(grown[i]);
            }
            Arrays.sort(ids);
            int[] ends = new int[grownCount];
            int[] sorted = new int[grownCount];
            for (int i = 0; i < grownCount; i++) {
                int at = grownCount - 1 - Arrays.binarySearch(ids, clients.id(grown[i]));
                sorted[at] = grown[i];
                ends[at] = after[i];
            }
            grown = sorted;
            after = ends;
        }
    }

    // what is deleted

    /** As {@link #deleted}, for what is free and joined already. */
    void deletedForGood(int client, int clock, int length) {
        boolean before = untidy;
        deleted(client, clock, length);
        untidy = before;
    }

    /** Whether something was deleted that may have content. */
    boolean isUntidy() {
        return untidy;
    }

    void deleted(int client, int clock, int length) {
        untidy = true;
        int last = 3 * deleteCount - 3;
        if (last >= 0 && deletes[last] == client) {
            if (deletes[last + 1] + deletes[last + 2] == clock) {
                deletes[last + 2] += length;
                return;
            }
            if (clock + length == deletes[last + 1]) {
                // backspacing, one character at a time
                deletes[last + 1] = clock;
                deletes[last + 2] += length;
                deletesSorted = deleteCount == 1;
                return;
            }
        }
        if (3 * deleteCount + 3 > deletes.length) {
            deletes = Arrays.copyOf(deletes, 2 * deletes.length);
        }
        int at = 3 * deleteCount++;
        deletes[at] = client;
        deletes[at + 1] = clock;
        deletes[at + 2] = length;
        deletesSorted = deleteCount == 1
                || deletesSorted && deletes[last] == client && deletes[last + 1] + deletes[last + 2] < clock;
    }

    int deleteCount() {
        return deleteCount;
    }

    int deleteClient(int index) {
        return deletes[3 * index];
    }

    int deleteClock(int index) {
        return deletes[3 * index + 1];
    }

    int deleteLength(int index) {
        return deletes[3 * index + 2];
    }

    /** Orders what was deleted: the highest client id first, then by clock; overlapping and touching ranges become one. */
    void sortDeletes() {
        if (deletesSorted) {
            return;
        }
        deletesSorted = true;
        if (watched) {
            for (int i = 0; i < deleteCount; i++) {
                deleteOrder.add(store.clients.id(deleteClient(i)));
            }
        }
        Clients clients = store.clients;
        int[] counts = new int[clients.count()];
        int groups = 0;
        for (int i = 0; i < deleteCount; i++) {
            groups += counts[deleteClient(i)]++ == 0 ? 1 : 0;
        }
        long[] ids = new long[groups];
        int filled = 0;
        for (int i = 0; i < deleteCount; i++) {
            int client = deleteClient(i);
            if (counts[client] > 0) {
                ids[filled++] = clients.id(client);
                counts[client] = -counts[client];
            }
        }
        Arrays.sort(ids);
        // from counts to places, the highest id first
        int[] places = counts;
        int place = 0;
        for (int i = groups - 1; i >= 0; i--) {
            int client = clients.find(ids[i]);
            int count = -counts[client];
            places[client] = place;
            place += count;
        }
        long[] ranges = new long[deleteCount];
        for (int i = 0; i < deleteCount; i++) {
            ranges[places[deleteClient(i)]++] = (long) deleteClock(i) << 32 | deleteLength(i);
        }
        int[] sorted = new int[deletes.length];
        int count = 0;
        int from = 0;
        for (int i = groups - 1; i >= 0; i--) {
            int client = clients.find(ids[i]);
            int to = places[client];
            count = mergeRanges(client, ranges, from, to, sorted, count);
            from = to;
        }
        deletes = sorted;
        deleteCount = count;
    }

    private static int mergeRanges(int client, long[] ranges, int from, int to, int[] sorted, int known) {
        Arrays.sort(ranges, from, to);
        int count = known;
        for (int i = from; i < to; i++) {
            int clock = (int) (ranges[i] >>> 32);
            int end = clock + (int) ranges[i];
            int at = 3 * count - 3;
            if (i > from && sorted[at + 1] + sorted[at + 2] >= clock) {
                sorted[at + 2] = Math.max(sorted[at + 2], end - sorted[at + 1]);
            } else {
                sorted[at + 3] = client;
                sorted[at + 4] = clock;
                sorted[at + 5] = end - clock;
                count++;
            }
        }
        return count;
    }

    /** Whether a unit was deleted in this transaction; the deletes must be in order. O(log deletes) */
    boolean isDeleted(int client, int clock) {
        long id = store.clients.id(client);
        int low = 0;
        int high = deleteCount - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            int found = deleteClient(middle);
            if (found != client) {
                if (store.clients.id(found) > id) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            } else if (clock < deleteClock(middle)) {
                high = middle - 1;
            } else if (clock >= deleteClock(middle) + deleteLength(middle)) {
                low = middle + 1;
            } else {
                return true;
            }
        }
        return false;
    }

    /** The clients of what was deleted, in the order in which it was; for listeners. */
    Set<Long> deleteOrder() {
        if (deleteOrder.isEmpty() && deleteCount > 0) {
            deleteOrder.add(store.clients.id(deleteClient(0)));
        }
        return deleteOrder;
    }

    DeleteSet deleteSet() {
        sortDeletes();
        DeleteSet.Builder builder = DeleteSet.builder();
        for (int i = 0; i < deleteCount; i++) {
            builder.add(store.clients.id(deleteClient(i)), deleteClock(i), deleteLength(i));
        }
        return builder.build();
    }

    // what is cut

    void cut(int client, int clock) {
        if (2 * cutCount + 2 > cuts.length) {
            cuts = Arrays.copyOf(cuts, 2 * cuts.length);
        }
        cuts[2 * cutCount] = client;
        cuts[2 * cutCount++ + 1] = clock;
    }

    /** A deleted item whose parent is now deleted too. */
    void orphaned(int item) {
        cut(~store.items.client(item), store.items.clock(item));
    }

    /** Joins all neighbours that this transaction, which is closed, may have made joinable. */
    void join() {
        // from the last range to the first, each as far as the item that holds its last unit now reaches: that is how
        // far yjs joins
        for (int i = deleteCount - 1; untidy && i >= 0; i--) {
            int client = deleteClient(i);
            int last = store.itemAt(client, deleteClock(i) + deleteLength(i) - 1);
            store.joinRange(client, deleteClock(i), store.items.end(last));
        }
        for (int i = 0; unjoined && i < grownCount; i++) {
            store.joinRange(grown[i], before[grown[i]], after[i] - 1);
        }
        for (int i = cutCount - 1; i >= 0; i--) {
            int client = cuts[2 * i];
            int clock = cuts[2 * i + 1];
            if (client < 0) {
                client = ~client;
                int end = store.items.end(store.itemAt(client, clock));
                store.joinRange(client, end, end);
            }
            store.joinRange(client, clock, clock);
        }
    }

    /** Takes back all of it: nothing of the transaction has been freed or joined yet. */
    void rollBack() {
        sortDeletes();
        for (int i = 0; i < deleteCount; i++) {
            int client = deleteClient(i);
            int end = Math.min(deleteClock(i) + deleteLength(i), before(client));
            for (int clock = deleteClock(i); clock < end; ) {
                int item = store.itemAt(client, clock);
                store.revive(item);
                clock = store.items.end(item);
            }
        }
        // what one client has put into a type of another goes before the type does
        for (int i = 0; i < grownCount; i++) {
            store.unlink(grown[i], before[grown[i]]);
        }
        for (int i = 0; i < grownCount; i++) {
            store.retract(grown[i], before[grown[i]]);
        }
        for (int i = 0; i < cutCount; i++) {
            int client = cuts[2 * i] < 0 ? ~cuts[2 * i] : cuts[2 * i];
            if (cuts[2 * i + 1] < store.clients.items(client).next) {
                store.joinRange(client, cuts[2 * i + 1], cuts[2 * i + 1]);
            }
        }
        reset();
    }

    // what is touched

    /** A list, or an entry of a map, has changed. */
    void touched(int type, int entry) {
        if (watched) {
            int holder = store.types.item(type);
            if (holder == NONE || !store.items.isGone(holder) && !isNew(holder)) {
                touched.computeIfAbsent(type, t -> new LinkedHashSet<>())
                        .add(entry == NONE ? null : store.entries.key(entry));
            }
        }
    }

    /** The transaction is nothing but these characters, made part of a run; there is somebody who wants to know. */
    void typed(int type, int index, String text) {
        touched(type, NONE);
        keyType = type;
        keyIndex = index;
        keyTyped = text;
        keyTrimmed = 0;
    }

    /** The transaction is nothing but that so many units are gone; there is somebody who wants to know. */
    void trimmed(int type, int index, int units) {
        touched(type, NONE);
        keyType = type;
        keyIndex = index;
        keyTyped = "";
        keyTrimmed = units;
    }

    /** What the transaction has done to a text, if it is a keystroke in it, else null. */
    @Nullable
    TextDelta keystroke(int type) {
        if (type != keyType) {
            return null;
        }
        TextDelta.Op done =
                keyTrimmed > 0 ? new TextDelta.Delete(keyTrimmed) : new TextDelta.Insert(keyTyped, Map.of());
        return new TextDelta(keyIndex > 0 ? List.of(new TextDelta.Retain(keyIndex, Map.of()), done) : List.of(done));
    }

    /** A type was deleted. */
    void forget(int type) {
        touched.remove(type);
    }

    /** The types that have changed, with the keys of their entries; null stands for the list. */
    Map<Integer, Set<@Nullable String>> touched() {
        return touched;
    }
}
