package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;

/** Target T10: many clients insert one character at one place, none knowing of the others. */
final class HotSpot {
    /** One update per client, ids ascending. */
    private final byte[][] updates;

    HotSpot(int clients) {
        updates = new byte[clients][];
        for (int i = 0; i < clients; i++) {
            YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(i + 1));
            doc.getText(PlainTrace.ROOT).insert(0, "x");
            updates[i] = doc.encodeStateAsUpdate();
        }
    }

    /** Applies all, ids ascending: the order that is worst for Yjs. */
    YDoc ascending() {
        YDoc doc = YDoc.create();
        for (byte[] update : updates) {
            doc.applyUpdate(update);
        }
        return checked(doc);
    }

    YDoc descending() {
        YDoc doc = YDoc.create();
        for (int i = updates.length - 1; i >= 0; i--) {
            doc.applyUpdate(updates[i]);
        }
        return checked(doc);
    }

    private YDoc checked(YDoc doc) {
        int length = doc.getText(PlainTrace.ROOT).length();
        if (length != updates.length) {
            throw new IllegalStateException(length + " characters of " + updates.length);
        }
        return doc;
    }
}
