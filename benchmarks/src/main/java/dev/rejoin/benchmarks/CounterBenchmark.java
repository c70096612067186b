package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.PNCounter;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.HashMap;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What does an increment cost, its delta included, when so many replicas have counted? The floor is a {@link HashMap}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class CounterBenchmark {
    @Param({"1", "10", "100", "1000"})
    public int replicas;

    private final SelfUniqueAddress node = Pekko.node(0);
    private final HashMap<String, Long> map = new HashMap<>();
    private PNCounter ours;
    private org.apache.pekko.cluster.ddata.PNCounter peer;

    @Setup
    public void fill() {
        ours = PNCounter.standalone(ReplicaId.of(1));
        peer = org.apache.pekko.cluster.ddata.PNCounter.create();
        for (int i = 1; i < replicas; i++) {
            ours.merge(PNCounter.standalone(ReplicaId.of(1 + i)).increment(i));
            peer = peer.increment(Pekko.node(i), i).resetDelta();
        }
        ours.increment();
        peer = peer.increment(node, 1).resetDelta();
        map.put("likes", 1L);
    }

    @Benchmark
    public Delta ours() {
        return ours.increment();
    }

    @Benchmark
    public Long hashMap() {
        return map.merge("likes", 1L, Long::sum);
    }

    @Benchmark
    public Object pekko() {
        org.apache.pekko.cluster.ddata.PNCounter changed = peer.increment(node, 1);
        peer = changed.resetDelta();
        return changed.delta();
    }
}
