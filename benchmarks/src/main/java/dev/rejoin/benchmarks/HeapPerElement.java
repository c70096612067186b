package dev.rejoin.benchmarks;

import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.apache.pekko.cluster.ddata.ORSet;
import org.openjdk.jol.info.GraphLayout;

/** How much heap does a set take per element, beyond the element itself? Walks the object graph; exact, not timed. */
final class HeapPerElement {
    private static final int[] SIZES = {100, 1_000, 10_000, 100_000, 1_000_000};

    private HeapPerElement() {}

    /** Bytes per element, elements excluded. */
    record Row(int size, double ours, double hashSet, double peer) {}

    static List<Row> measure() {
        // the walker may read the layout of records only so; it must be said before its first use
        System.setProperty("jol.magicFieldOffset", "true");
        List<Row> rows = new ArrayList<>();
        for (int size : SIZES) {
            String[] elements = Elements.distinct(size);
            long strings = GraphLayout.parseInstance((Object) elements).totalSize()
                    - GraphLayout.parseInstance((Object) new String[size]).totalSize();
            rows.add(new Row(
                    size,
                    perElement(ours(elements), strings, size),
                    perElement(floor(elements), strings, size),
                    perElement(peer(elements), strings, size)));
        }
        return rows;
    }

    private static double perElement(Object set, long strings, int size) {
        return (double) (GraphLayout.parseInstance(set).totalSize() - strings) / size;
    }

    private static Object ours(String[] elements) {
        OrSet<String> set = OrSet.standalone(ReplicaId.of(1), ValueCodec.STRING);
        for (String element : elements) {
            set.add(element);
        }
        return set;
    }

    private static Object floor(String[] elements) {
        return new HashSet<>(List.of(elements));
    }

    private static Object peer(String[] elements) {
        ORSet<String> set = ORSet.empty();
        for (String element : elements) {
            set = set.add(Pekko.node(1), element).resetDelta();
        }
        return set;
    }
}
