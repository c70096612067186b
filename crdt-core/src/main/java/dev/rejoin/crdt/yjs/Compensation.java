package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;

/** Turns what the open transaction has done into what everybody can know of it: nothing but clocks, and everything else as it was. */
final class Compensation {
    /* Three steps, all in the transaction that has taken the change in
     * ----------------------------------------------------------------
     * 1. What it has deleted is noted while its content is still there.
     * 2. What it has inserted is deleted and freed at once, whatever the document does with garbage. An item becomes a deleted one that
     *    keeps its place: garbage ("GC") would have none, and what is inserted beside it later would be lost with it. Only what stands in
     *    an inserted type becomes garbage, as in every deleted type.
     * 3. What it has deleted is inserted again under our own id: in lists behind the last of the deleted ones that stand together, under keys as
     *    the newest value. A deleted type gets a copy with copies of all that was in it. Format marks are items as all others, so formats
     *    come back with them.
     *
     * Nothing here can fail half way for what an update says; all that was checked when it was integrated.
     */
    private final YDoc doc;
    private final Store store;
    private final Items items;
    private final Changes changes;

    /** What lived before the transaction and does not now. */
    private final BitSet lost = new BitSet();

    private int[] order = new int[16];
    private int lostCount;
    private final BitSet restored = new BitSet();

    /** A type that was deleted and the copy that what was in it goes into. */
    private record Refill(int from, int into) {}

    private final Deque<Refill> refills = new ArrayDeque<>();

    Compensation(YDoc doc) {
        this.doc = doc;
        this.store = doc.store;
        this.items = store.items;
        this.changes = store.changes;
    }

    Refusal refuse() {
        doc.claimProposal();
        changes.close();
        DeleteSet inserted = insertedUnits();
        DeleteSet deleted = noteDeleted();
        voidInserted(inserted);
        for (int i = 0; i < lostCount; i++) {
            restore(order[i]);
        }
        while (!refills.isEmpty()) {
            refill(refills.removeFirst());
        }
        return new Refusal(inserted, deleted);
    }

    private DeleteSet insertedUnits() {
        DeleteSet.Builder units = DeleteSet.builder();
        for (int i = 0; i < changes.grownCount(); i++) {
            int client = changes.grownClient(i);
            int from = changes.before(client);
            units.add(store.clients.id(client), from, changes.grownTo(i) - from);
        }
        return units.build();
    }

    private DeleteSet noteDeleted() {
        DeleteSet.Builder units = DeleteSet.builder();
        for (int i = 0; i < changes.deleteCount(); i++) {
            int client = changes.deleteClient(i);
            int end = changes.deleteClock(i) + changes.deleteLength(i);
            for (int clock = changes.deleteClock(i); clock < end; ) {
                int item = store.itemAt(client, clock);
                clock = items.end(item);
                int kind = items.kind(item);
                if (!changes.isNew(item) && kind != Items.GC && kind != Items.DELETED) {
                    if (lostCount == order.length) {
                        order = Arrays.copyOf(order, 2 * lostCount);
                    }
                    order[lostCount++] = item;
                    lost.set(item);
                    units.add(store.clients.id(client), items.clock(item), items.length(item));
                }
            }
        }
        return units.build();
    }

    private void voidInserted(DeleteSet inserted) {
        inserted.forEachRange((id, from, length) -> {
            int client = store.clients.find(id);
            int end = (int) (from + length);
            for (int clock = (int) from; clock < end; ) {
                int item = store.itemAt(client, clock);
                clock = items.end(item);
                int kind = items.kind(item);
                if (kind != Items.GC && kind != Items.DELETED) {
                    store.delete(item);
                    store.free(item);
                }
            }
        });
    }

    private void restore(int item) {
        int type = store.parentType(item);
        int holder = store.types.item(type);
        if (restored.get(item) || holder != NONE && items.isGone(holder)) {
            // what is in a deleted type comes with the copy of that
            return;
        }
        if (items.place(item) < 0) {
            int entry = ~items.place(item);
            copy(item, type, entry, store.entries.tail(entry), NONE);
            return;
        }
        restoreRun(firstOfRun(item), type);
    }

    /** The first of the lost ones that have nothing between them but what was refused. */
    private int firstOfRun(int item) {
        int first = item;
        for (int before = items.previous(item); before != NONE; before = items.previous(before)) {
            if (lost.get(before)) {
                first = before;
            } else if (!changes.isNew(before)) {
                break;
            }
        }
        return first;
    }

    /** Copies stand together behind the last one, so that they can be joined as their originals can. */
    private void restoreRun(int first, int type) {
        int last = first;
        for (int next = items.next(first); next != NONE; next = items.next(next)) {
            if (lost.get(next)) {
                last = next;
            } else if (!changes.isNew(next)) {
                break;
            }
        }
        int right = items.next(last);
        int left = last;
        for (int item = first; ; item = items.next(item)) {
            if (lost.get(item)) {
                restored.set(item);
                left = copy(item, type, NONE, left, right);
            }
            if (item == last) {
                return;
            }
        }
    }

    private void refill(Refill refill) {
        int left = NONE;
        for (int item = store.types.first(refill.from()); item != NONE; item = items.next(item)) {
            if (lost.get(item)) {
                left = copy(item, refill.into(), NONE, left, NONE);
            }
        }
        Deque<Integer> oldestFirst = new ArrayDeque<>();
        for (int entry = store.types.entries(refill.from()); entry != NONE; entry = store.entries.following(entry)) {
            oldestFirst.push(entry);
        }
        for (int entry : oldestFirst) {
            int item = store.entries.tail(entry);
            while (item != NONE && changes.isNew(item)) {
                item = items.previous(item);
            }
            if (item != NONE && lost.get(item)) {
                int into = store.entries.intern(refill.into(), store.entries.key(entry));
                copy(item, refill.into(), into, NONE, NONE);
            }
        }
    }

    private int copy(int item, int type, int entry, int left, int right) {
        Copies.Content content = Copies.of(store, item);
        int original = items.kind(item) == Items.TYPE ? items.content(item) : NONE;
        int copy = doc.add(type, entry, left, right, content.head(), content.content(), items.length(item));
        if (original != NONE) {
            refills.add(new Refill(original, items.content(copy)));
        }
        return copy;
    }
}
