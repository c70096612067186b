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
 * <p>A remote replica adds a new element and removes the one it added eight steps before, in turn, so the size stays and every
 * merge brings news. {@code oursReadd} merges the additions of random elements that the set holds already, each of which takes
 * the place of a cell somewhere in memory. Deltas are made ahead of the measurement; figures are per delta.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SetMergeBenchmark {
    static final int OUR_DELTAS = 1_000;
    static final int PEER_DELTAS = 10;
    private static final int WINDOW = 8;

    /** What our remote replica sends. */
    @State(Scope.Thread)
    public static class OurDeltas {
        final OrSet<String> remote = OrSet.standalone(ReplicaId.of(2), ValueCodec.STRING);
        final Delta[] deltas = new Delta[OUR_DELTAS];
        private final String[] window = new String[WINDOW];
        private int round;

        @Setup(Level.Invocation)
        public void prepare() {
            for (int i = 0; i < deltas.length; i += 2) {
                int place = round % WINDOW;
                deltas[i + 1] = window[place] == null ? Delta.EMPTY : remote.remove(window[place]);
                window[place] = "remote-" + round++;
                deltas[i] = remote.add(window[place]);
            }
        }
    }

    /** What our remote replica sends when it adds what is there. */
    @State(Scope.Thread)
    public static class OurReadditions {
        final OrSet<String> remote = OrSet.standalone(ReplicaId.of(2), ValueCodec.STRING);
        final Delta[] deltas = new Delta[OUR_DELTAS];

        @Setup
        public void fill(FilledSets.Ours ours) {
            remote.merge(ours.set.state());
        }

        @Setup(Level.Invocation)
        public void prepare(FilledSets.Order order) {
            for (int i = 0; i < deltas.length; i++) {
                deltas[i] = remote.add(order.next());
            }
        }
    }

    /** What the peer's remote replica sends. */
    @State(Scope.Thread)
    public static class PeerDeltas {
        final SelfUniqueAddress node = Pekko.node(2);
        final ORSet.DeltaOp[] deltas = new ORSet.DeltaOp[PEER_DELTAS];
        private final String[] window = new String[WINDOW];
        private ORSet<String> remote = ORSet.empty();
        private int round;

        @Setup
        public void fillWindow(FilledSets.Peer peer) {
            for (round = 0; round < WINDOW; round++) {
                window[round] = "remote-" + round;
                remote = remote.add(node, window[round]).resetDelta();
                peer.set = peer.set.merge(remote);
            }
        }

        @Setup(Level.Invocation)
        public void prepare() {
            for (int i = 0; i < deltas.length; i += 2) {
                int place = round % WINDOW;
                ORSet<String> removed = remote.remove(node, window[place]);
                deltas[i + 1] = removed.delta().get();
                window[place] = "remote-" + round++;
                ORSet<String> added = removed.resetDelta().add(node, window[place]);
                deltas[i] = added.delta().get();
                remote = added.resetDelta();
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
    @OperationsPerInvocation(OUR_DELTAS)
    public int oursReadd(FilledSets.Ours ours, OurReadditions remote) {
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
