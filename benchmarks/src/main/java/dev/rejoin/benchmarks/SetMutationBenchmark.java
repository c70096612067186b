package dev.rejoin.benchmarks;

import java.util.concurrent.TimeUnit;
import org.apache.pekko.cluster.ddata.ORSet;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What does a local mutation of a set cost, its delta included?
 *
 * <p>One invocation removes a random element and adds it again, so the size stays; a figure is the mean of the two
 * mutations. The floor is a {@link java.util.HashSet}, a hash map that makes no delta.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(2)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SetMutationBenchmark {

    @Benchmark
    public void ours(FilledSets.Order order, FilledSets.Ours ours, Blackhole hole) {
        String element = order.next();
        hole.consume(ours.set.remove(element));
        hole.consume(ours.set.add(element));
    }

    @Benchmark
    public void hashSet(FilledSets.Order order, FilledSets.Floor floor, Blackhole hole) {
        String element = order.next();
        hole.consume(floor.set.remove(element));
        hole.consume(floor.set.add(element));
    }

    @Benchmark
    public void pekko(FilledSets.Order order, FilledSets.Peer peer, Blackhole hole) {
        String element = order.next();
        ORSet<String> removed = peer.set.remove(peer.node, element);
        hole.consume(removed.delta());
        ORSet<String> added = removed.resetDelta().add(peer.node, element);
        hole.consume(added.delta());
        peer.set = added.resetDelta();
    }
}
