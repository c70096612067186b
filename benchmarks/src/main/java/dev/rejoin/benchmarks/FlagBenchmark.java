package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Flag;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.HashMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does switching a flag cost, its delta included? Every second call switches it off.
 *
 * <p>The floor is a {@link HashMap}. The peer's flag cannot be switched off, so it is not in this race.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class FlagBenchmark {
    private final Flag ours = Flag.standalone(ReplicaId.of(1));
    private final HashMap<String, Boolean> map = new HashMap<>();
    private boolean on;

    @Benchmark
    public Delta ours() {
        on = !on;
        return on ? ours.enable() : ours.disable();
    }

    @Benchmark
    public Boolean hashMap() {
        on = !on;
        return map.put("done", on);
    }
}
