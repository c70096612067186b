package dev.rejoin.benchmarks.yjs;

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

/** Row T7: how long to merge thousands of one-character updates on their bytes, of one client and of as many? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class T7MergeBenchmark {
    @Param({"8000", "32000"})
    public int updates;

    private SmallUpdates typed;
    private SmallUpdates clients;

    @Setup
    public void make() {
        typed = SmallUpdates.typed(updates);
        clients = SmallUpdates.ofClients(updates);
    }

    @Benchmark
    public byte[] oneClient() {
        return typed.merge();
    }

    @Benchmark
    public byte[] manyClients() {
        return clients.merge();
    }
}
