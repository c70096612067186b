package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** Row T1: what does it cost to make all edits of a trace, each its own transaction, with nobody listening? Beside it the plain buffers. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class T1LocalReplayBenchmark {
    @Benchmark
    public YDoc ours(TraceState state) {
        return state.replayed();
    }

    @Benchmark
    public int gapBuffer(TraceState state) {
        return state.plain().replayPlain().length();
    }

    @Benchmark
    public int stringBuilder(TraceState state) {
        StringBuilder builder = new StringBuilder();
        state.plain().list().replay(builder);
        return builder.length();
    }
}
