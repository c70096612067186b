package dev.rejoin.benchmarks.yjs;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
 * Row T15: what does a keystroke allocate here, where a listener takes its update, and there, where the update is applied? Run with {@code -prof gc} and
 * read {@code gc.alloc.rate.norm}: one update for {@code local}, nothing but the document's own growth for {@code remote} (its replica is made anew every
 * million keystrokes, which is in the figure).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class T15AllocationBenchmark {
    private TypedRun run;

    @Setup
    public void load(TraceState state) {
        run = new TypedRun(state.script());
    }

    @Benchmark
    public byte @Nullable [] local() {
        return run.press();
    }

    @Benchmark
    public void remote() {
        run.receive();
    }
}
