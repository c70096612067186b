package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.DeltaWriter;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.PNCounter;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.cluster.ddata.ORSet;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;

/** How many bytes does a delta take on the wire, against the number of replicas that have written? Exact, not timed. */
final class DeltaBytes {
    private static final int[] REPLICAS = {1, 10, 100, 1_000};
    private static final int ELEMENTS_EACH = 10;
    private static final String ELEMENT = "apple";

    private DeltaBytes() {}

    /**
     * The bytes of one operation.
     *
     * @param link ours on an established link
     * @param selfContained ours on its own
     * @param peer Pekko's delta without the replicator's envelope
     */
    record Row(String operation, int replicas, int link, int selfContained, int peer) {}

    static List<Row> measure(Pekko pekko) {
        List<Row> rows = new ArrayList<>();
        for (int replicas : REPLICAS) {
            counterRow(rows, pekko, replicas);
            setRows(rows, pekko, replicas);
        }
        return rows;
    }

    private static void counterRow(List<Row> rows, Pekko pekko, int replicas) {
        PNCounter ours = PNCounter.standalone(ReplicaId.of(mixed(0)));
        var peer = org.apache.pekko.cluster.ddata.PNCounter.create();
        DeltaWriter link = new DeltaWriter();
        for (int i = 1; i < replicas; i++) {
            Delta delta = PNCounter.standalone(ReplicaId.of(mixed(i))).increment();
            ours.merge(delta);
            link.write(delta);
            peer = peer.increment(Pekko.node(i), 1).resetDelta();
        }
        SelfUniqueAddress node = Pekko.node(0);
        for (int i = 0; i < ELEMENTS_EACH; i++) {
            link.write(ours.increment());
            peer = peer.increment(node, 1).resetDelta();
        }
        Delta delta = ours.increment();
        rows.add(new Row(
                "counter increment",
                replicas,
                link.write(delta).length,
                delta.encode().length,
                pekko.encode(peer.increment(node, 1).delta().get()).length));
    }

    private static void setRows(List<Row> rows, Pekko pekko, int replicas) {
        OrSet<String> ours = OrSet.standalone(ReplicaId.of(mixed(0)), ValueCodec.STRING);
        ORSet<String> peer = ORSet.empty();
        DeltaWriter link = new DeltaWriter();
        for (int i = 0; i < replicas; i++) {
            OrSet<String> other = i == 0 ? ours : OrSet.standalone(ReplicaId.of(mixed(i)), ValueCodec.STRING);
            for (int j = 0; j < ELEMENTS_EACH; j++) {
                Delta delta = other.add(i + "." + j);
                if (i > 0) {
                    ours.merge(delta);
                }
                link.write(delta);
                peer = peer.add(Pekko.node(i), i + "." + j).resetDelta();
            }
        }
        SelfUniqueAddress node = Pekko.node(0);
        Delta add = ours.add(ELEMENT);
        peer = peer.resetDelta().add(node, ELEMENT);
        rows.add(new Row(
                "set add of “" + ELEMENT + "”",
                replicas,
                link.write(add).length,
                add.encode().length,
                pekko.encode(peer.delta().get()).length));
        String foreign = (replicas - 1) + ".3";
        Delta remove = ours.remove(foreign);
        rows.add(new Row(
                "set remove",
                replicas,
                link.write(remove).length,
                remove.encode().length,
                pekko.encode(peer.resetDelta().remove(node, foreign).delta().get()).length));
    }

    /** Ids as spread as random ones, the same in every run. */
    private static long mixed(int number) {
        return (number + 1) * 0x9E3779B97F4A7C15L;
    }
}
