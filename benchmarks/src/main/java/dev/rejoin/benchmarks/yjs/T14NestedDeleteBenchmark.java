package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import java.util.concurrent.TimeUnit;
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

/** Row T14: can a million lists, each in the one before, be loaded, and deleted in one stroke? */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 10)
@Fork(1)
public class T14NestedDeleteBenchmark {
    @Param({"10000", "1000000"})
    public int depth;

    private Nesting nesting;
    private YDoc doc;

    @Setup
    public void make() {
        nesting = new Nesting(depth);
    }

    @Setup(Level.Iteration)
    public void copy() {
        doc = nesting.load();
    }

    @Benchmark
    public YDoc load() {
        return nesting.load();
    }

    @Benchmark
    public YDoc delete() {
        return nesting.delete(doc);
    }
}
