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
    /** The elements, and a random walk over them, the same for every contender. */
    @State(Scope.Thread)
    public static class Order {
        @Param({"100", "1000", "10000", "100000", "1000000"})
        public int size;

        String[] elements;

        /** Equal strings that are other objects, so that nobody wins by comparing references only. */
        String[] twins;

        private long random = 0x2545F4914F6CDD1DL;

        @Setup
        public void prepare() {
            elements = Elements.distinct(size);
            twins = Elements.distinct(size);
        }

        /** Any of the elements: a fixed order would become the order in which they lie in memory after one round. */
        String next() {
            random ^= random << 13;
            random ^= random >>> 7;
            random ^= random << 17;
            int index = (int) ((random >>> 33) * size >>> 31);
            return (random & 1) == 0 ? elements[index] : twins[index];
        }
    }

    /** Our set. */
    @State(Scope.Thread)
    public static class Ours {
        OrSet<String> set;

        @Setup
        public void fill(Order order) {
            set = ours(order.elements);
        }
    }

    /** The floor: a {@link HashSet}, which is a {@link java.util.HashMap} of elements. */
    @State(Scope.Thread)
    public static class Floor {
        HashSet<String> set;

        @Setup
        public void fill(Order order) {
            set = floor(order.elements);
        }
    }

    /** The peer. */
    @State(Scope.Thread)
    public static class Peer {
        final SelfUniqueAddress node = Pekko.node(1);
        ORSet<String> set;

        @Setup
        public void fill(Order order) {
            set = peer(node, order.elements);
        }
    }

    static OrSet<String> ours(String[] elements) {
        OrSet<String> set = OrSet.standalone(ReplicaId.of(1), ValueCodec.STRING);
        for (String element : elements) {
            set.add(element);
        }
        return set;
    }

    static HashSet<String> floor(String[] elements) {
        HashSet<String> set = new HashSet<>();
        for (String element : elements) {
            set.add(element);
        }
        return set;
    }

    static ORSet<String> peer(SelfUniqueAddress node, String[] elements) {
        ORSet<String> set = ORSet.empty();
        for (String element : elements) {
            set = set.add(node, element).resetDelta();
        }
        return set;
    }
}
