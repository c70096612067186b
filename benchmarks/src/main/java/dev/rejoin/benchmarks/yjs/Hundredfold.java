package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.crdt.yjs.YText;

/** Target T12: the edits of one trace made again and again in one document, whose head they hit while its tail grows. */
final class Hundredfold {
    private final PlainTrace trace;
    private final int times;

    Hundredfold(PlainTrace trace, int times) {
        this.trace = trace;
        this.times = times;
    }

    YDoc run() {
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1));
        YText text = doc.getText(PlainTrace.ROOT);
        for (int i = 0; i < times; i++) {
            trace.list().replay(doc, text);
        }
        int expected = trace.end().length() * times;
        if (text.length() != expected) {
            throw new IllegalStateException(text.length() + " characters, not " + expected);
        }
        return doc;
    }
}
