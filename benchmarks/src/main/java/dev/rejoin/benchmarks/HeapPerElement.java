package dev.rejoin.benchmarks;

import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.cluster.ddata.ORSet;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
import org.openjdk.jol.info.GraphLayout;

/**
 * How much heap does a set take per element, beyond the element itself? Walks the object graph; exact, not timed.
 *
 * <p>Once after its elements have been added, once after as many random ones as three times its size have gone and come back.
 */
final class HeapPerElement {
    private static final int[] SIZES = {100, 1_000, 10_000, 100_000, 1_000_000};
    private static final int CHURN = 3;

    private HeapPerElement() {}

    /** Bytes per element, elements excluded. */
    record Row(int size, double ours, double oursChurned, double hashSet, double peer, double peerChurned) {}

    static List<Row> measure(int largest) {
        // the walker may read the layout of records only so; it must be said before its first use
        System.setProperty("jol.magicFieldOffset", "true");
        List<Row> rows = new ArrayList<>();
        for (int size : SIZES) {
            if (size <= largest) {
                rows.add(row(size));
            }
        }
        return rows;
    }

    private static Row row(int size) {
        FilledSets.Order order = new FilledSets.Order();
        order.size = size;
        order.prepare();
        order.twins = order.elements;
        long strings = GraphLayout.parseInstance((Object) order.elements).totalSize()
                - GraphLayout.parseInstance((Object) new String[size]).totalSize();
        // one for all sets of the program, and from its class the walk goes on into the virtual machine
        long notOurs = strings + GraphLayout.parseInstance(ValueCodec.STRING).totalSize();
        OrSet<String> ours = FilledSets.ours(order.elements);
        double oursFresh = perElement(ours, notOurs, size);
        for (int i = 0; i < CHURN * size; i++) {
            String element = order.next();
            ours.remove(element);
            ours.add(element);
        }
        SelfUniqueAddress node = Pekko.node(1);
        ORSet<String> peer = FilledSets.peer(node, order.elements);
        double peerFresh = perElement(peer, strings, size);
        for (int i = 0; i < CHURN * size; i++) {
            String element = order.next();
            peer = peer.remove(node, element).resetDelta().add(node, element).resetDelta();
        }
        return new Row(
                size,
                oursFresh,
                perElement(ours, notOurs, size),
                perElement(FilledSets.floor(order.elements), strings, size),
                peerFresh,
                perElement(peer, strings, size));
    }

    private static double perElement(Object set, long others, int size) {
        return (double) (GraphLayout.parseInstance(set).totalSize() - others) / size;
    }
}
