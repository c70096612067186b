package dev.rejoin.crdt.yjs;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A window for tests to the order of a type's units, the deleted ones included. */
public final class Units {
    /**
     * Units with consecutive clocks, side by side.
     *
     * @param kind number of their content on the wire; {@code -} if they are deleted
     */
    public record Run(long client, long clock, long length, String kind) {}

    private Units() {}

    /** The list of a type from start to end. */
    public static List<Run> of(YType type) {
        return list(type.store(), type.type());
    }

    /** Names of roots that have units and that nobody has asked for. */
    public static List<String> untypedRoots(YDoc doc) {
        List<String> names = new ArrayList<>();
        doc.store.roots().forEach((name, type) -> {
            if (doc.store.types.kind(type) == Types.UNKNOWN && doc.store.types.first(type) != Items.NONE) {
                names.add(name);
            }
        });
        return names;
    }

    /** The list of a root from start to end. */
    public static List<Run> ofRoot(YDoc doc, String name) {
        return list(doc.store, doc.store.findRoot(name));
    }

    private static List<Run> list(Store store, int type) {
        List<Run> runs = new ArrayList<>();
        for (int item = store.types.first(type); item != Items.NONE; item = store.items.next(item)) {
            runs.add(run(store, item));
        }
        return runs;
    }

    /** The keys that have ever been written. */
    public static List<String> keys(YType type) {
        List<String> keys = new ArrayList<>();
        Store store = type.store();
        int entry = store.types.entries(type.type());
        for (; entry != Items.NONE; entry = store.entries.following(entry)) {
            if (store.entries.tail(entry) != Items.NONE) {
                keys.add(store.entries.key(entry));
            }
        }
        return keys;
    }

    /** What was ever written under a key, the value last. */
    public static List<Run> ofKey(YType type, String key) {
        List<Run> runs = new ArrayList<>();
        Store store = type.store();
        int item = store.entries.tail(store.entries.find(type.type(), key));
        for (; item != Items.NONE; item = store.items.previous(item)) {
            runs.add(run(store, item));
        }
        Collections.reverse(runs);
        return runs;
    }

    private static Run run(Store store, int item) {
        return new Run(
                store.clients.id(store.items.client(item)),
                store.items.clock(item),
                store.items.length(item),
                store.items.isGone(item) ? "-" : Integer.toString(store.items.kind(item)));
    }
}
