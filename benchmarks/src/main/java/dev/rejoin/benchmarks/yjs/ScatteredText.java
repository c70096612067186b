package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.crdt.yjs.YText;

/** Target T13: single characters inserted at random places of a document that consists of nothing else. */
final class ScatteredText {
    private static final long SEED = 13;

    private final byte[] document;
    private final int runs;

    /** A document of so many characters, nearly all of them runs of their own. */
    ScatteredText(int runs) {
        this.runs = runs;
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1));
        insert(doc, runs, new Chance(SEED));
        document = doc.encodeStateAsUpdate();
    }

    YDoc copy() {
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(2));
        doc.applyUpdate(document);
        return doc;
    }

    /** Inserts more of the same. */
    YDoc insert(YDoc doc, int characters) {
        return insert(doc, characters, new Chance(SEED + runs));
    }

    private static YDoc insert(YDoc doc, int characters, Chance chance) {
        YText text = doc.getText(PlainTrace.ROOT);
        int length = text.length();
        for (int i = 0; i < characters; i++) {
            text.insert(chance.below(length + i + 1), "x");
        }
        return doc;
    }
}
