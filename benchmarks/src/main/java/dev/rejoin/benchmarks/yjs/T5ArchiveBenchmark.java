package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YArchive;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** Row T5: how long from the bytes of an archive to its text? */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class T5ArchiveBenchmark {
    @Benchmark
    @Nullable
    public String open(DocumentState state) {
        return YArchive.open(state.archive).text(PlainTrace.ROOT);
    }
}
