package dev.rejoin.benchmarks.yjs;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * read {@code gc.alloc.rate.norm}: the update for {@code local}, which {@link Sent} counts, nothing but the document's own growth for {@code remote} (its
 * replica is made anew every million keystrokes, which is in the figure).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class T15AllocationBenchmark {
    /** What the updates themselves take, which grow with the clocks in them. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Sent {
        public long updates;
        public long updateBytes;

        void add(byte[] update) {
            updates++;
            updateBytes += TypedRun.objectBytes(update);
        }
    }

    private TypedRun run;

    @Setup
    public void load(TraceState state) {
        run = new TypedRun(state.script());
    }

    @Benchmark
    public byte[] local(Sent sent) {
        byte[] update = run.press();
        sent.add(update);
        return update;
    }

    @Benchmark
    public void remote() {
        run.receive();
    }
}
