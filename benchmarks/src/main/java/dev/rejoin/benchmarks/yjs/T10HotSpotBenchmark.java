package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import java.util.concurrent.TimeUnit;
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

/** Row T10: does it stay cheap when very many clients insert at one place at the same time? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class T10HotSpotBenchmark {
    @Param({"1540", "10000", "100000"})
    public int clients;

    private HotSpot spot;

    @Setup
    public void make() {
        spot = new HotSpot(clients);
    }

    @Benchmark
    public YDoc ascending() {
        return spot.ascending();
    }

    @Benchmark
    public YDoc descending() {
        return spot.descending();
    }
}
