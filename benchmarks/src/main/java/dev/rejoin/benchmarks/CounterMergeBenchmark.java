package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.PNCounter;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.HashMap;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Does merging an increment depend on how many replicas have counted?
 *
 * <p>All of them take turns, so that each delta is of another replica than the one before. The floor is a {@link HashMap} in which
 * each replica's total is replaced. Deltas are made ahead of the measurement; figures are per delta.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CounterMergeBenchmark {
    static final int DELTAS = 1_000;

    /** How many replicas have counted. */
    @State(Scope.Thread)
    public static class Replicas {
        @Param({"1", "10", "100", "1000"})
        public int replicas;
    }

    /** Our counter, and what the others send. */
    @State(Scope.Thread)
    public static class Ours {
        final PNCounter counter = PNCounter.standalone(ReplicaId.of(-1));
        final Delta[] deltas = new Delta[DELTAS];
        private PNCounter[] others = {};
        private int turn;

        @Setup
        public void fill(Replicas count) {
            others = new PNCounter[count.replicas];
            for (int i = 0; i < others.length; i++) {
                others[i] = PNCounter.standalone(Elements.replica(i));
                counter.merge(others[i].increment());
            }
        }

        @Setup(Level.Invocation)
        public void prepare() {
            for (int i = 0; i < DELTAS; i++) {
                deltas[i] = others[turn].increment();
                turn = turn + 1 == others.length ? 0 : turn + 1;
            }
        }
    }

    /** The floor: a total for each replica. */
    @State(Scope.Thread)
    public static class Floor {
        final HashMap<ReplicaId, Long> totals = new HashMap<>();
        private ReplicaId[] others = {};
        private int turn;

        @Setup
        public void fill(Replicas count) {
            others = new ReplicaId[count.replicas];
            for (int i = 0; i < others.length; i++) {
                others[i] = Elements.replica(i);
                totals.put(others[i], 1L);
            }
        }

        ReplicaId next() {
            ReplicaId id = others[turn];
            turn = turn + 1 == others.length ? 0 : turn + 1;
            return id;
        }
    }

    /** The peer's counter, and what the others send. */
    @State(Scope.Thread)
    public static class Peer {
        org.apache.pekko.cluster.ddata.PNCounter counter = org.apache.pekko.cluster.ddata.PNCounter.create();
        final org.apache.pekko.cluster.ddata.PNCounter[] deltas = new org.apache.pekko.cluster.ddata.PNCounter[DELTAS];
        private SelfUniqueAddress[] nodes = {};
        private org.apache.pekko.cluster.ddata.PNCounter[] others = {};
        private int turn;

        @Setup
        public void fill(Replicas count) {
            nodes = new SelfUniqueAddress[count.replicas];
            others = new org.apache.pekko.cluster.ddata.PNCounter[count.replicas];
            for (int i = 0; i < others.length; i++) {
                nodes[i] = Pekko.node(i);
                others[i] = org.apache.pekko.cluster.ddata.PNCounter.create();
                next();
                counter = counter.merge(others[i]);
            }
        }

        private org.apache.pekko.cluster.ddata.PNCounter next() {
            var changed = others[turn].resetDelta().increment(nodes[turn], 1);
            others[turn] = changed;
            turn = turn + 1 == others.length ? 0 : turn + 1;
            return changed.delta().get();
        }

        @Setup(Level.Invocation)
        public void prepare() {
            for (int i = 0; i < DELTAS; i++) {
                deltas[i] = next();
            }
        }
    }

    @Benchmark
    @OperationsPerInvocation(DELTAS)
    public long ours(Ours ours) {
        for (Delta delta : ours.deltas) {
            ours.counter.merge(delta);
        }
        return ours.counter.value();
    }

    @Benchmark
    public Long hashMap(Floor floor) {
        return floor.totals.merge(floor.next(), 1L, Long::sum);
    }

    @Benchmark
    @OperationsPerInvocation(DELTAS)
    public org.apache.pekko.cluster.ddata.PNCounter pekko(Peer peer) {
        for (org.apache.pekko.cluster.ddata.PNCounter delta : peer.deltas) {
            peer.counter = peer.counter.mergeDelta(delta);
        }
        return peer.counter;
    }
}
