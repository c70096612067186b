package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.document.Snapshot;
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

/** What does a snapshot cost, what does the write after it cost, and what the delta for somebody a little behind? */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class SnapshotBenchmark {
    private static final int BEHIND = 10;

    @Param({"100", "10000", "1000000"})
    public int size;

    private final Document document =
            Document.builder().replica(ReplicaId.of(1)).build();
    private Version behind = Version.EMPTY;

    @Setup
    public void fill() {
        for (String element : Elements.distinct(size)) {
            document.set("tags", ValueCodec.STRING).add(element);
        }
        behind = document.version();
        for (int i = 0; i < BEHIND; i++) {
            document.set("tags", ValueCodec.STRING).add("late-" + i);
        }
    }

    @Benchmark
    public Snapshot snapshot() {
        return document.snapshot();
    }

    @Benchmark
    public Snapshot snapshotAndWrite() {
        Snapshot snapshot = document.snapshot();
        document.set("tags", ValueCodec.STRING).add("late-0");
        return snapshot;
    }

    @Benchmark
    public Delta deltaSinceTenWrites() {
        return document.deltaSince(behind);
    }
}
