package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;

/** A history of one editor: edits in order, each its own transaction. */
public sealed interface Script extends Trace permits PlainTrace, RichTrace, TreeTrace {
    /** How many edits. */
    int edits();

    /** Makes all edits in an empty document. */
    void replay(YDoc doc);

    /** The document's text. */
    String text(YDoc doc);

    /** Whether the document is what the history ends with, marks and all. */
    boolean matches(YDoc doc);
}
