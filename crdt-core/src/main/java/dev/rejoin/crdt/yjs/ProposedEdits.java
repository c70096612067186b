package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Works out what the open transaction does to each type. O(changes + types), whatever is changed where: who sends updates may put a change into each of very many types
 * that stand in each other.
 */
final class ProposedEdits {
    private final YDoc doc;
    private final Store store;
    private final Items items;
    private final Changes changes;
    private final Map<Integer, List<Integer>> changed = new HashMap<>();
    private final Map<Integer, Integer> roots = new HashMap<>();

    ProposedEdits(YDoc doc) {
        this.doc = doc;
        this.store = doc.store;
        this.items = store.items;
        this.changes = store.changes;
    }

    /** The edits that can be seen; the changes must be closed. */
    List<ProposedEdit> of(YTransaction transaction) {
        findItems();
        List<ProposedEdit> edits = new ArrayList<>();
        for (Map.Entry<Integer, Set<@Nullable String>> touched :
                changes.touched().entrySet()) {
            int type = touched.getKey();
            int holder = store.types.item(type);
            if (holder == NONE || !items.isGone(holder)) {
                ProposedEdit edit = new ProposedEdit(
                        doc, transaction, type, root(type), touched.getValue(), changed.getOrDefault(type, List.of()));
                if (edit.isVisible()) {
                    edits.add(edit);
                }
            }
        }
        return List.copyOf(edits);
    }

    private void findItems() {
        for (int i = 0; i < changes.grownCount(); i++) {
            int client = changes.grownClient(i);
            for (int clock = changes.before(client), end = changes.grownTo(i); clock < end; ) {
                int item = store.itemAt(client, clock);
                found(item);
                clock = items.end(item);
            }
        }
        for (int i = 0; i < changes.deleteCount(); i++) {
            int client = changes.deleteClient(i);
            int end = changes.deleteClock(i) + changes.deleteLength(i);
            for (int clock = changes.deleteClock(i); clock < end; ) {
                int item = store.itemAt(client, clock);
                if (!changes.isNew(item)) {
                    found(item);
                }
                clock = items.end(item);
            }
        }
    }

    private void found(int item) {
        if (items.place(item) >= 0) {
            changed.computeIfAbsent(store.tree.typeOf(item), type -> new ArrayList<>(1))
                    .add(item);
        }
    }

    /** The root that a type is, or stands in. */
    private int root(int type) {
        List<Integer> way = new ArrayList<>(1);
        int at = type;
        Integer known = roots.get(at);
        for (int holder = store.types.item(at); known == null && holder != NONE; holder = store.types.item(at)) {
            way.add(at);
            at = store.parentType(holder);
            known = roots.get(at);
        }
        int root = known == null ? at : known;
        for (int passed : way) {
            roots.put(passed, root);
        }
        return root;
    }
}
