package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.crdt.yjs.YText;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A history of several editors who type at the same time. Every step happens in a replica that has seen exactly what the
 * step's author had seen.
 *
 * @param name the file's name without its ending
 * @param edits how many edits
 * @param replicas how many replicas
 * @param steps in an order in which every step comes after all that its author had seen
 * @param end what the text must be in the end
 */
record SharedTrace(String name, int edits, int replicas, List<Step> steps, String end) implements Trace {
    /**
     * Some edits of one author.
     *
     * @param replica where they happen
     * @param receive the steps that this replica has to be given first
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Step(int replica, int[] receive, Edits edits) {}

    /** Plays the whole session, client 1 and up, and returns all updates in the order of the steps. */
    List<byte[]> play() {
        List<List<byte[]>> updates = new ArrayList<>(steps.size());
        Outbox outbox = new Outbox();
        YDoc[] docs = new YDoc[replicas];
        YText[] texts = new YText[replicas];
        for (int i = 0; i < replicas; i++) {
            docs[i] = YDoc.create(YDocOptions.defaults().withClientId(i + 1));
            docs[i].onUpdate((update, origin, doc) -> outbox.add(update));
            texts[i] = docs[i].getText(PlainTrace.ROOT);
        }
        for (Step step : steps) {
            YDoc doc = docs[step.replica];
            outbox.open = null;
            for (int other : step.receive) {
                for (byte[] update : updates.get(other)) {
                    doc.applyUpdate(update);
                }
            }
            List<byte[]> mine = new ArrayList<>(1);
            outbox.open = mine;
            step.edits.replay(doc, texts[step.replica]);
            updates.add(mine);
        }
        return updates.stream().flatMap(List::stream).toList();
    }

    private static final class Outbox {
        private @Nullable List<byte[]> open;

        void add(byte[] update) {
            if (open != null) {
                open.add(update);
            }
        }
    }
}
