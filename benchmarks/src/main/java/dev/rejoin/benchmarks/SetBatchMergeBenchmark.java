package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.cluster.ddata.ORSet;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it help to merge a hundred additions as one delta?
 *
 * <p>The peer walks its whole set once for each delta, so batching is its best case. Each invocation merges a delta that adds a hundred
 * elements and one that removes them; figures are per element.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SetBatchMergeBenchmark {
    static final int BATCH = 100;
    private static final int ELEMENTS = 2 * BATCH;

    /** What our remote replica sends. */
    @State(Scope.Thread)
    public static class OurBatch {
        private final OrSet<String> remote = OrSet.standalone(ReplicaId.of(2), ValueCodec.STRING);
        private final List<String> elements = List.of(Elements.distinct("remote-", BATCH));
        Delta added = Delta.EMPTY;
        Delta removed = Delta.EMPTY;

        @Setup(Level.Invocation)
        public void prepare() {
            added = remote.addAll(elements);
            removed = remote.clear();
        }
    }

    /** What the peer's remote replica sends: deltas accumulate until they are reset. */
    @State(Scope.Thread)
    public static class PeerBatch {
        private final SelfUniqueAddress node = Pekko.node(2);
        private final String[] elements = Elements.distinct("remote-", BATCH);
        private ORSet<String> remote = ORSet.empty();
        ORSet.DeltaOp added = ORSet.<String>empty().add(node, "").delta().get();
        ORSet.DeltaOp removed = added;

        @Setup(Level.Invocation)
        public void prepare() {
            ORSet<String> full = remote.resetDelta();
            for (String element : elements) {
                full = full.add(node, element);
            }
            added = full.delta().get();
            remote = full.resetDelta().clear(node);
            removed = remote.delta().get();
        }
    }

    @Benchmark
    @OperationsPerInvocation(ELEMENTS)
    public int ours(FilledSets.Ours ours, OurBatch remote) {
        ours.set.merge(remote.added);
        ours.set.merge(remote.removed);
        return ours.set.size();
    }

    @Benchmark
    @OperationsPerInvocation(ELEMENTS)
    public ORSet<String> pekko(FilledSets.Peer peer, PeerBatch remote) {
        peer.set = peer.set.mergeDelta(remote.added);
        peer.set = peer.set.mergeDelta(remote.removed);
        return peer.set;
    }
}
