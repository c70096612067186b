package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.TextDelta;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YText;
import org.jspecify.annotations.Nullable;

/** Target T11: single keystrokes in the middle of a large document, with or without somebody who asks for the change. */
final class Keystrokes {
    private final YText text;
    private final int middle;
    private boolean typed;
    private @Nullable TextDelta last;

    /** In the document that a trace ends with. */
    Keystrokes(Script script, boolean observed) {
        YDoc writer = YDoc.create();
        script.replay(writer);
        YDoc doc = YDoc.create();
        doc.applyUpdate(writer.encodeStateAsUpdate());
        text = doc.getText(PlainTrace.ROOT);
        middle = text.length() / 2;
        if (observed) {
            text.observe(event -> last = event.delta());
        }
    }

    /** Types a character, or takes the last one back. */
    @Nullable
    TextDelta press() {
        if (typed) {
            text.delete(middle, 1);
        } else {
            text.insert(middle, "x");
        }
        typed = !typed;
        return last;
    }
}
