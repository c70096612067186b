package dev.rejoin.benchmarks;

import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.HashSet;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.cluster.ddata.ORSet;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What do adding and removing cost each on its own, growing and shrinking included?
 *
 * <p>One invocation adds all elements to an empty set one by one, each with its delta, or removes all from a full one in
 * random order. Figures are per set: divide by the size.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SetFillBenchmark {

    /** Elements in the order in which they come and in which they go. */
    @State(Scope.Thread)
    public static class Elements {
        @Param({"100", "10000", "1000000"})
        public int size;

        String[] coming;
        String[] going;

        @Setup
        public void prepare() {
            coming = dev.rejoin.benchmarks.Elements.distinct(size);
            going = dev.rejoin.benchmarks.Elements.shuffled(dev.rejoin.benchmarks.Elements.distinct(size));
        }
    }

    /** Our set, full before each invocation. */
    @State(Scope.Thread)
    public static class OurFull {
        OrSet<String> set;

        @Setup(Level.Invocation)
        public void fill(Elements elements) {
            set = FilledSets.ours(elements.coming);
        }
    }

    /** The floor, full before each invocation. */
    @State(Scope.Thread)
    public static class FloorFull {
        HashSet<String> set;

        @Setup(Level.Invocation)
        public void fill(Elements elements) {
            set = FilledSets.floor(elements.coming);
        }
    }

    /** The peer's full set, which nothing changes. */
    @State(Scope.Thread)
    public static class PeerFull {
        final SelfUniqueAddress node = Pekko.node(1);
        ORSet<String> set;

        @Setup
        public void fill(Elements elements) {
            set = FilledSets.peer(node, elements.coming);
        }
    }

    /** The peer's replica. */
    @State(Scope.Thread)
    public static class PeerNode {
        final SelfUniqueAddress node = Pekko.node(1);
    }

    @Benchmark
    public OrSet<String> addOurs(Elements elements, Blackhole hole) {
        OrSet<String> set = OrSet.standalone(ReplicaId.of(1), ValueCodec.STRING);
        for (String element : elements.coming) {
            hole.consume(set.add(element));
        }
        return set;
    }

    @Benchmark
    public HashSet<String> addHashSet(Elements elements, Blackhole hole) {
        HashSet<String> set = new HashSet<>();
        for (String element : elements.coming) {
            hole.consume(set.add(element));
        }
        return set;
    }

    @Benchmark
    public ORSet<String> addPekko(Elements elements, PeerNode peer, Blackhole hole) {
        ORSet<String> set = ORSet.empty();
        for (String element : elements.coming) {
            ORSet<String> added = set.add(peer.node, element);
            hole.consume(added.delta());
            set = added.resetDelta();
        }
        return set;
    }

    @Benchmark
    public int removeOurs(Elements elements, OurFull full, Blackhole hole) {
        for (String element : elements.going) {
            hole.consume(full.set.remove(element));
        }
        return full.set.size();
    }

    @Benchmark
    public int removeHashSet(Elements elements, FloorFull full, Blackhole hole) {
        for (String element : elements.going) {
            hole.consume(full.set.remove(element));
        }
        return full.set.size();
    }

    @Benchmark
    public ORSet<String> removePekko(Elements elements, PeerFull peer, Blackhole hole) {
        ORSet<String> set = peer.set;
        for (String element : elements.going) {
            ORSet<String> removed = set.remove(peer.node, element);
            hole.consume(removed.delta());
            set = removed.resetDelta();
        }
        return set;
    }
}
