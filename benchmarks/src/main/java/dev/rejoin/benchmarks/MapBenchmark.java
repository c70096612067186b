package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.OrMap;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.HashMap;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.cluster.ddata.LWWMap;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to write a value under a random key of a map, its delta included?
 *
 * <p>Ours is a map of last-writer-wins registers, the child looked up by its name each time; the peer has a map of just that.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class MapBenchmark {

    /** Our map. */
    @State(Scope.Thread)
    public static class Ours {
        final OrMap map = OrMap.standalone(ReplicaId.of(1));

        @Setup
        public void fill(FilledSets.Order order) {
            for (String key : order.elements) {
                map.register(key, ValueCodec.STRING).set(key);
            }
        }
    }

    /** The floor. */
    @State(Scope.Thread)
    public static class Floor {
        final HashMap<String, String> map = new HashMap<>();

        @Setup
        public void fill(FilledSets.Order order) {
            for (String key : order.elements) {
                map.put(key, key);
            }
        }
    }

    /** The peer. */
    @State(Scope.Thread)
    public static class Peer {
        final SelfUniqueAddress node = Pekko.node(1);
        LWWMap<String, String> map = LWWMap.create();

        @Setup
        public void fill(FilledSets.Order order) {
            for (String key : order.elements) {
                map = map.put(node, key, key).resetDelta();
            }
        }
    }

    @Benchmark
    public Delta ours(FilledSets.Order order, Ours ours) {
        String key = order.next();
        return ours.map.register(key, ValueCodec.STRING).set(key);
    }

    @Benchmark
    public String hashMap(FilledSets.Order order, Floor floor) {
        String key = order.next();
        return floor.map.put(key, key);
    }

    @Benchmark
    public Object pekko(FilledSets.Order order, Peer peer) {
        String key = order.next();
        LWWMap<String, String> changed = peer.map.put(peer.node, key, key);
        peer.map = changed.resetDelta();
        return changed.delta();
    }
}
