package dev.rejoin.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** What does it cost to ask for a random element that is there? The floor is a {@link java.util.HashSet}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SetContainsBenchmark {

    @Benchmark
    public boolean ours(FilledSets.Order order, FilledSets.Ours ours) {
        return ours.set.contains(order.next());
    }

    @Benchmark
    public boolean hashSet(FilledSets.Order order, FilledSets.Floor floor) {
        return floor.set.contains(order.next());
    }

    @Benchmark
    public boolean pekko(FilledSets.Order order, FilledSets.Peer peer) {
        return peer.set.contains(order.next());
    }
}
