package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.TextDelta;
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

/** Row T11: what does a keystroke in the middle of a large text cost when an observer asks for its delta, and when nobody does? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class T11ObserverDeltaBenchmark {
    private Keystrokes observed;
    private Keystrokes unobserved;

    @Setup
    public void load(TraceState state) {
        observed = new Keystrokes(state.script(), true);
        unobserved = new Keystrokes(state.script(), false);
    }

    @Benchmark
    public @Nullable TextDelta observed() {
        return observed.press();
    }

    @Benchmark
    public @Nullable TextDelta unobserved() {
        return unobserved.press();
    }
}
