package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;

/**
 * A document that comes as one update of the second encoding, without its history. Its text is the root {@code text}.
 *
 * @param name the file's name without its ending
 * @param update the document
 */
@SuppressWarnings("ArrayRecordComponent")
record WholeDocument(String name, byte[] update) implements Trace {
    static String text(YDoc doc) {
        return doc.getText(PlainTrace.ROOT).toString();
    }
}
