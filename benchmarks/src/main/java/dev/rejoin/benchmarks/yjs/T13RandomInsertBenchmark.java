package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Row T13: does an insert at a random place stay cheap while the number of runs grows? Figures are per insert. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 10)
@Measurement(iterations = 20)
@Fork(1)
public class T13RandomInsertBenchmark {
    private static final int INSERTS = 10_000;

    @Param({"60000", "600000", "1000000"})
    public int runs;

    private ScatteredText text;
    private YDoc doc;

    @Setup
    public void make() {
        text = new ScatteredText(runs);
    }

    @Setup(Level.Iteration)
    public void copy() {
        doc = text.copy();
    }

    @Benchmark
    @OperationsPerInvocation(INSERTS)
    public YDoc random() {
        return text.insert(doc, INSERTS);
    }
}
