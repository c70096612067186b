package dev.rejoin.benchmarks;

import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.HashSet;
import org.apache.pekko.cluster.ddata.ORSet;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Sets of the same elements in each contender, for the benchmarks that ask one question of a full set. */
public class FilledSets {
    /** The elements and the order in which they are touched. */
    @State(Scope.Thread)
    public static class Order {
        @Param({"100", "1000", "10000", "100000", "1000000"})
        public int size;

        String[] elements;
        int[] indices;
        int at;

        @Setup
        public void prepare() {
            elements = Elements.distinct(size);
            indices = Elements.shuffledIndices(size);
        }

        String next() {
            int index = indices[at];
            at = at + 1 == indices.length ? 0 : at + 1;
            return elements[index];
        }
    }

    /** Our set. */
    @State(Scope.Thread)
    public static class Ours {
        OrSet<String> set;

        @Setup
        public void fill(Order order) {
            set = OrSet.standalone(ReplicaId.of(1), ValueCodec.STRING);
            for (String element : order.elements) {
                set.add(element);
            }
        }
    }

    /** The floor. */
    @State(Scope.Thread)
    public static class Floor {
        HashSet<String> set;

        @Setup
        public void fill(Order order) {
            set = new HashSet<>();
            for (String element : order.elements) {
                set.add(element);
            }
        }
    }

    /** The peer. */
    @State(Scope.Thread)
    public static class Peer {
        final SelfUniqueAddress node = Pekko.node(1);
        ORSet<String> set;

        @Setup
        public void fill(Order order) {
            set = ORSet.empty();
            for (String element : order.elements) {
                set = set.add(node, element).resetDelta();
            }
        }
    }
}
