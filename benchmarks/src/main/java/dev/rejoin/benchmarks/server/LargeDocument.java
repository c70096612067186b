package dev.rejoin.benchmarks.server;

import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YText;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A text that several people have written in many places, as the updates in which it came to be. */
final class LargeDocument {
    private static final int UPDATE_BYTES = 256 << 10;
    private static final int BYTES_PER_EDIT = 24;
    private static final int EDITS_BETWEEN_LOOKS = 200;

    private final List<byte[]> updates = new ArrayList<>();
    private final long bytes;

    /** At least so many bytes, encoded as one update; the same text for the same seed. */
    LargeDocument(int atLeast, long seed) {
        Random random = new Random(seed);
        YDoc document = YDoc.create();
        YText text = document.getText("text");
        StateVector told = StateVector.EMPTY;
        byte[] whole = {};
        while (whole.length < atLeast) {
            for (int done = 0;
                    done < UPDATE_BYTES && done + whole.length < atLeast;
                    done += EDITS_BETWEEN_LOOKS * BYTES_PER_EDIT) {
                document.transact(() -> edit(text, random));
            }
            updates.add(document.encodeStateAsUpdate(told));
            told = document.stateVector();
            whole = document.encodeStateAsUpdate();
        }
        bytes = whole.length;
    }

    private static void edit(YText text, Random random) {
        for (int i = 0; i < EDITS_BETWEEN_LOOKS; i++) {
            int at = random.nextInt(text.length() + 1);
            if (random.nextInt(8) == 0 && at + 4 < text.length()) {
                text.delete(at, 4);
            }
            text.insert(at, Long.toString(random.nextLong() >>> 20, 36));
        }
    }

    List<byte[]> updates() {
        return updates;
    }

    /** Encoded as one update. */
    long bytes() {
        return bytes;
    }
}
