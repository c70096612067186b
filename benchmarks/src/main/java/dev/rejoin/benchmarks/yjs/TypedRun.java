package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.crdt.yjs.YText;
import java.util.ArrayList;
import java.util.List;

/** Target T15: steady typing in a large document, here with a listener and there by its updates; what does one step allocate? */
final class TypedRun {
    private static final int STEPS = Timing.BRIEF ? 4_096 : 1 << 20;

    private final YText text;
    private final byte[] document;
    private final byte[][] updates;
    private final int middle;
    private boolean typed;
    private byte[] last = {};
    private YDoc replica = YDoc.create();
    private int next;

    /** In the document that a trace ends with. */
    TypedRun(Script script) {
        YDoc writer = YDoc.create(YDocOptions.defaults().withClientId(1));
        script.replay(writer);
        document = writer.encodeStateAsUpdate();
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(2));
        doc.applyUpdate(document);
        List<byte[]> emitted = new ArrayList<>();
        text = doc.getText(PlainTrace.ROOT);
        middle = text.length() / 2;
        try (var recording = doc.onUpdate((update, origin, from) -> emitted.add(update))) {
            for (int i = 0; i < STEPS; i++) {
                text.insert(middle + i, "x");
            }
        }
        updates = emitted.toArray(byte[][]::new);
        doc.onUpdate((update, origin, from) -> last = update);
        rewind();
    }

    /** Types a character in the middle, or takes the last one back; returns the update. */
    byte[] press() {
        if (typed) {
            text.delete(middle, 1);
        } else {
            text.insert(middle, "x");
        }
        typed = !typed;
        return last;
    }

    /** What an update takes as an object: a header of 16 bytes, filled up to a multiple of 8. */
    static long objectBytes(byte[] update) {
        return (16 + update.length + 7) / 8 * 8;
    }

    /** Applies the next keystroke of somebody else. */
    void receive() {
        if (next == updates.length) {
            rewind();
        }
        replica.applyUpdate(updates[next++]);
    }

    /** How many more keystrokes can be received before the replica is made anew. */
    int left() {
        return updates.length - next;
    }

    void rewind() {
        replica = YDoc.create(YDocOptions.defaults().withClientId(3));
        replica.applyUpdate(document);
        next = 0;
    }
}
