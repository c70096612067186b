package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;

/**
 * One editor's history of a plain text.
 *
 * @param name the file's name without its ending
 * @param list the edits
 * @param end what the text must be in the end
 */
record PlainTrace(String name, Edits list, String end) implements Script {
    /** The name of the root text in every document here. */
    static final String ROOT = "text";

    @Override
    public int edits() {
        return list.count;
    }

    @Override
    public void replay(YDoc doc) {
        list.replay(doc, doc.getText(ROOT));
    }

    @Override
    public String text(YDoc doc) {
        return doc.getText(ROOT).toString();
    }

    @Override
    public boolean matches(YDoc doc) {
        return text(doc).equals(end);
    }

    GapBuffer replayPlain() {
        GapBuffer buffer = new GapBuffer();
        list.replay(buffer);
        return buffer;
    }
}
