package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Commit;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.LwwRegister;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.document.Document;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
 * What does an optimistic write of a client cost, from the write to its verdict?
 *
 * <p>Sixteen transactions are pending at any time; each invocation makes one more and has the oldest accepted. In the set of ten
 * thousand elements a random one is added again, the register gets another text.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class JudgedBenchmark {
    private static final int PENDING = 16;
    private static final int ELEMENTS = 10_000;

    /** A client's document. */
    @State(Scope.Thread)
    public static class Client {
        private final Document document =
                Document.builder().replica(ReplicaId.of(1)).judged(true).build();
        final OrSet<String> set = document.set("tags", ValueCodec.STRING);
        final LwwRegister<String> register = document.register("title", ValueCodec.STRING);
        private final String[] elements = Elements.distinct(ELEMENTS);
        private final ArrayDeque<Long> unjudged = new ArrayDeque<>();
        private int random = 1;

        @Setup
        public void fill() {
            Document other = Document.builder().replica(ReplicaId.of(3)).build();
            other.set("tags", ValueCodec.STRING).addAll(List.of(elements));
            document.merge(other.state());
        }

        String next() {
            random ^= random << 13;
            random ^= random >>> 17;
            random ^= random << 5;
            return elements[(random & Integer.MAX_VALUE) % ELEMENTS];
        }

        Commit writeAndJudge(Runnable write) {
            Commit commit = document.transact(write);
            unjudged.add(document.issued());
            if (unjudged.size() > PENDING) {
                document.confirm(Delta.EMPTY, unjudged.remove(), List.of());
            }
            return commit;
        }
    }

    @Benchmark
    public Commit set(Client client) {
        return client.writeAndJudge(() -> client.set.add(client.next()));
    }

    @Benchmark
    public Commit register(Client client) {
        return client.writeAndJudge(() -> client.register.set(client.next()));
    }
}
