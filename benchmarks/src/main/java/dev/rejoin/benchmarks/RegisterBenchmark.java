package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.LwwRegister;
import dev.rejoin.crdt.MvRegister;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.HashMap;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.cluster.ddata.LWWRegister;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
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
 * What does writing a register cost, its delta included?
 *
 * <p>The floor is a {@link HashMap}. The peer has no delta for registers and sends the whole, and none that keeps concurrent values.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class RegisterBenchmark {
    private final String[] values = Elements.distinct(64);
    private final SelfUniqueAddress node = Pekko.node(1);
    private final HashMap<String, String> map = new HashMap<>();
    private final LwwRegister<String> ours = LwwRegister.standalone(ReplicaId.of(1), ValueCodec.STRING);
    private final MvRegister<String> multiValue = MvRegister.standalone(ReplicaId.of(1), ValueCodec.STRING);
    private LWWRegister<String> peer = LWWRegister.create(node, "");
    private int at;

    private String next() {
        return values[at++ & 63];
    }

    @Benchmark
    public Delta ours() {
        return ours.set(next());
    }

    @Benchmark
    public Delta oursMultiValue() {
        return multiValue.set(next());
    }

    @Benchmark
    public String hashMap() {
        return map.put("title", next());
    }

    @Benchmark
    public LWWRegister<String> pekko() {
        peer = peer.withValue(node, next());
        return peer;
    }
}
