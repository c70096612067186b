package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.DeltaWriter;
import dev.rejoin.crdt.LwwRegister;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.PNCounter;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.document.Document;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.cluster.ddata.LWWRegister;
import org.apache.pekko.cluster.ddata.ORSet;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;

/**
 * How many bytes does a delta take on the wire, against the number of replicas that have written? Exact, not timed.
 *
 * <p>The link is an established one: it has carried everything before, and the writer is the last of the replicas that it has numbered,
 * so that small numbers flatter nobody. The peer's bytes are those of its own serialiser without the replicator's envelope.
 */
final class DeltaBytes {
    static final int[] REPLICAS = {1, 10, 100, 1_000};
    static final String COUNTER = "counter increment";
    static final String ADD = "set add";
    static final String REMOVE = "set remove";
    private static final int ELEMENTS_EACH = 10;
    private static final int FAR = 100_000;
    private static final String ELEMENT = "apple";

    private final int replicas;
    private final List<Row> rows;
    private final Pekko pekko;
    private final ReplicaId self = Elements.replica(0);
    private final SelfUniqueAddress node = Pekko.node(0);

    private DeltaBytes(int replicas, List<Row> rows, Pekko pekko) {
        this.replicas = replicas;
        this.rows = rows;
        this.pekko = pekko;
    }

    /**
     * The bytes of one operation.
     *
     * @param element bytes of the element or value in it
     * @param dots how many dots it claims: its own, and those of the cells that it removes
     * @param link ours on an established link
     * @param selfContained ours on its own
     * @param peer Pekko's, 0 if it has none
     */
    record Row(String operation, int replicas, int element, long dots, int link, int selfContained, int peer) {
        double perDot() {
            return (double) link / dots;
        }
    }

    static List<Row> measure(Pekko pekko) {
        List<Row> rows = new ArrayList<>();
        for (int replicas : REPLICAS) {
            DeltaBytes bytes = new DeltaBytes(replicas, rows, pekko);
            bytes.counters(ELEMENTS_EACH);
            bytes.counters(10_000);
            bytes.judgedCounter();
            bytes.register();
            bytes.sets();
        }
        rows.sort(java.util.Comparator.comparing(Row::operation));
        return rows;
    }

    private void row(String operation, int element, Delta delta, DeltaWriter link, byte[] peer) {
        rows.add(new Row(
                operation,
                replicas,
                element,
                delta.dotCount(),
                link.write(delta).length,
                delta.encode().length,
                peer.length));
    }

    private void counters(int total) {
        PNCounter ours = PNCounter.standalone(self);
        var peer = org.apache.pekko.cluster.ddata.PNCounter.create();
        DeltaWriter link = new DeltaWriter();
        for (int i = 1; i < replicas; i++) {
            Delta delta = PNCounter.standalone(Elements.replica(i)).increment();
            ours.merge(delta);
            link.write(delta);
            peer = peer.increment(Pekko.node(i), 1).resetDelta();
        }
        for (int i = 0; i < 2; i++) {
            link.write(ours.increment(total / 2));
            peer = peer.increment(node, total / 2).resetDelta();
        }
        row(
                COUNTER + ", its total " + total,
                0,
                ours.increment(),
                link,
                pekko.encode(peer.increment(node, 1).delta().get()));
    }

    private void judgedCounter() {
        Document ours = Document.builder().replica(self).judged(true).build();
        DeltaWriter link = new DeltaWriter();
        for (int i = 1; i < replicas; i++) {
            Document other = Document.builder().replica(Elements.replica(i)).build();
            link.write(other.counter("likes").increment());
        }
        link.write(ours.transact(() -> ours.counter("likes").increment()).delta());
        row(
                COUNTER + " of a judged client",
                0,
                ours.transact(() -> ours.counter("likes").increment()).delta(),
                link,
                new byte[0]);
    }

    private void register() {
        DeltaWriter link = new DeltaWriter();
        long[] now = {1_700_000_000_000L};
        for (int i = replicas - 1; i > 0; i--) {
            link.write(LwwRegister.standalone(Elements.replica(i), ValueCodec.STRING, () -> now[0])
                    .set(ELEMENT));
        }
        LwwRegister<String> ours = LwwRegister.standalone(self, ValueCodec.STRING, () -> now[0]);
        link.write(ours.set(ELEMENT));
        now[0] += 5_000;
        row(
                "register set, five seconds after the last",
                ELEMENT.length(),
                ours.set(ELEMENT),
                link,
                pekko.encode(LWWRegister.create(node, ELEMENT)));
    }

    private void sets() {
        OrSet<String> ours = OrSet.standalone(self, ValueCodec.STRING);
        ORSet<String> peer = ORSet.empty();
        DeltaWriter link = new DeltaWriter();
        for (int i = replicas - 1; i >= 0; i--) {
            OrSet<String> other = i == 0 ? ours : OrSet.standalone(Elements.replica(i), ValueCodec.STRING);
            for (int j = 0; j < ELEMENTS_EACH; j++) {
                Delta delta = other.add(i + "." + j);
                if (i > 0) {
                    ours.merge(delta);
                }
                link.write(delta);
                peer = peer.add(Pekko.node(i), i + "." + j).resetDelta();
            }
            if (i == 1 || replicas == 1) {
                // so that the first elements of this replica lie far back in its history
                Delta many = other.addAll(List.of(Elements.distinct("far-", FAR)));
                link.write(many);
                if (i > 0) {
                    ours.merge(many);
                }
            }
        }
        Delta add = ours.add(ELEMENT);
        peer = peer.add(node, ELEMENT);
        row(ADD, ELEMENT.length(), add, link, pekko.encode(peer.delta().get()));
        peer = peer.resetDelta().remove(node, ELEMENT);
        row(
                REMOVE + " of an own element",
                0,
                ours.remove(ELEMENT),
                link,
                pekko.encode(peer.delta().get()));
        if (replicas > 1) {
            String foreign = (replicas > 2 ? 2 : 1) + ".0";
            peer = peer.resetDelta().remove(node, foreign);
            row(
                    REMOVE + " of another's element",
                    0,
                    ours.remove(foreign),
                    link,
                    pekko.encode(peer.delta().get()));
        }
        String far = (replicas == 1 ? 0 : 1) + ".1";
        peer = peer.resetDelta().remove(node, far);
        row(
                REMOVE + " of one from " + FAR + " dots ago",
                0,
                ours.remove(far),
                link,
                pekko.encode(peer.delta().get()));
        peer = peer.resetDelta().clear(node);
        row(
                REMOVE + " of all the rest",
                0,
                ours.clear(),
                link,
                pekko.encode(peer.delta().get()));
    }
}
