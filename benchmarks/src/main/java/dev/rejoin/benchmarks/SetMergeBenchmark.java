package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
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
 * Does the cost of merging a one-element delta depend on the size of the set?
 *
 * <p>A remote replica adds and removes an element in turn, so the size stays; every merge brings news. The deltas are made
 * ahead of the measurement. Figures are per delta.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SetMergeBenchmark {
    static final int OUR_DELTAS = 1_000;
    static final int PEER_DELTAS = 2;

    /** What our remote replica sends. */
    @State(Scope.Thread)
    public static class OurDeltas {
        final OrSet<String> remote = OrSet.standalone(ReplicaId.of(2), ValueCodec.STRING);
        final Delta[] deltas = new Delta[OUR_DELTAS];
        int round;

        @Setup(Level.Invocation)
        public void prepare() {
            for (int i = 0; i < deltas.length; i += 2) {
                String element = "remote-" + round++ % 64;
                deltas[i] = remote.add(element);
                deltas[i + 1] = remote.remove(element);
            }
        }
    }

    /** What the peer's remote replica sends. */
    @State(Scope.Thread)
    public static class PeerDeltas {
        final SelfUniqueAddress node = Pekko.node(2);
        final ORSet.DeltaOp[] deltas = new ORSet.DeltaOp[PEER_DELTAS];
        ORSet<String> remote = ORSet.empty();
        int round;

        @Setup(Level.Invocation)
        public void prepare() {
            for (int i = 0; i < deltas.length; i += 2) {
                String element = "remote-" + round++ % 64;
                ORSet<String> added = remote.resetDelta().add(node, element);
                deltas[i] = added.delta().get();
                ORSet<String> removed = added.resetDelta().remove(node, element);
                deltas[i + 1] = removed.delta().get();
                remote = removed.resetDelta();
            }
        }
    }

    @Benchmark
    @OperationsPerInvocation(OUR_DELTAS)
    public int ours(FilledSets.Ours ours, OurDeltas remote) {
        for (Delta delta : remote.deltas) {
            ours.set.merge(delta);
        }
        return ours.set.size();
    }

    @Benchmark
    @OperationsPerInvocation(PEER_DELTAS)
    public ORSet<String> pekko(FilledSets.Peer peer, PeerDeltas remote) {
        for (ORSet.DeltaOp delta : remote.deltas) {
            peer.set = peer.set.mergeDelta(delta);
        }
        return peer.set;
    }
}
