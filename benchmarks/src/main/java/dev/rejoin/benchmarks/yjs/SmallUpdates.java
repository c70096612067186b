package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.crdt.yjs.YText;
import java.util.ArrayList;
import java.util.List;

/** Target T7: many updates of one character merged on their bytes. */
final class SmallUpdates {
    private final List<byte[]> updates;
    private final int characters;

    private SmallUpdates(List<byte[]> updates) {
        this.updates = updates;
        this.characters = updates.size();
    }

    /** One client types. */
    static SmallUpdates typed(int characters) {
        List<byte[]> updates = new ArrayList<>(characters);
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1));
        doc.onUpdate((update, origin, from) -> updates.add(update));
        YText text = doc.getText(PlainTrace.ROOT);
        for (int i = 0; i < characters; i++) {
            text.insert(i, String.valueOf((char) ('a' + i % 26)));
        }
        return new SmallUpdates(updates);
    }

    /** Every character from another client. */
    static SmallUpdates ofClients(int clients) {
        List<byte[]> updates = new ArrayList<>(clients);
        for (int i = 0; i < clients; i++) {
            YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(i + 1));
            doc.getText(PlainTrace.ROOT).insert(0, "x");
            updates.add(doc.encodeStateAsUpdate());
        }
        return new SmallUpdates(updates);
    }

    byte[] merge() {
        return Updates.merge(updates);
    }

    /** Whether a merged update holds everything. */
    boolean holds(byte[] merged) {
        YDoc doc = YDoc.create();
        return doc.applyUpdate(merged).complete()
                && doc.getText(PlainTrace.ROOT).length() == characters;
    }
}
