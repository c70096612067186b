package dev.rejoin.benchmarks.yjs;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** Rows T4 and T4b: how long from the bytes of a whole document to an editable one and its text? */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class T4LoadBenchmark {
    @Benchmark
    public String v1(DocumentState state) {
        return state.text(state.loadV1());
    }

    @Benchmark
    public String v2(DocumentState state) {
        return state.text(state.loadV2());
    }
}
