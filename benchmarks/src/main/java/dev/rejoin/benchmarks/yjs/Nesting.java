package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YArray;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;

/** Target T14: lists nested very deep, deleted at the root, here and where the bytes arrive. */
final class Nesting {
    private static final String ROOT = "array";

    private final int depth;
    private final byte[] document;

    Nesting(int depth) {
        this.depth = depth;
        document = build().encodeStateAsUpdate();
    }

    private YDoc build() {
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1));
        doc.transact(() -> {
            YArray inner = doc.getArray(ROOT);
            for (int i = 0; i < depth; i++) {
                inner = inner.insertArray(0);
            }
        });
        return doc;
    }

    /** The nested lists from their bytes. */
    YDoc load() {
        YDoc doc = YDoc.create();
        doc.applyUpdate(document);
        return doc;
    }

    /** Deletes them all in one stroke; what is left is as many units of garbage. */
    YDoc delete(YDoc doc) {
        doc.getArray(ROOT).delete(0, 1);
        if (doc.getArray(ROOT).length() != 0) {
            throw new IllegalStateException("something is left");
        }
        return doc;
    }
}
