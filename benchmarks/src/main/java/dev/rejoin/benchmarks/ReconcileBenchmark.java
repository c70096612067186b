package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.PageDigest;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.document.Document;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.cluster.ddata.ORSet;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost two replicas with many elements to find out that they are equal, or where they differ?
 *
 * <p>In {@code differ} each side has added ten elements of its own. The peer compares a hash of the serialised set, and where that differs
 * sends and merges the whole.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ReconcileBenchmark {
    private static final int OWN = 10;

    /** Two documents that agree, and two that do not. */
    @State(Scope.Thread)
    public static class Ours {
        final Document left = Document.builder().replica(ReplicaId.of(1)).build();
        final Document right = Document.builder().replica(ReplicaId.of(2)).build();
        final Document other = Document.builder().replica(ReplicaId.of(3)).build();
        private final OrSet<String> written = left.set("tags", ValueCodec.STRING);
        PageDigest otherDigest = other.digest();

        @Setup
        public void fill(FilledSets.Order order) {
            written.addAll(List.of(order.elements));
            right.merge(left.state());
            other.merge(left.state());
            other.set("tags", ValueCodec.STRING).addAll(List.of(Elements.distinct("other-", OWN)));
            left.set("notes", ValueCodec.STRING).addAll(List.of(Elements.distinct("left-", OWN)));
            right.merge(left.state());
            otherDigest = other.digest();
        }
    }

    /** Two sets that do not agree. */
    @State(Scope.Thread)
    public static class Peer {
        final Pekko pekko = new Pekko();
        ORSet<String> left = ORSet.empty();
        ORSet<String> other = ORSet.empty();

        @Setup
        public void fill(FilledSets.Order order) {
            ORSet<String> common = FilledSets.peer(Pekko.node(1), order.elements);
            left = common;
            other = common;
            for (int i = 0; i < OWN; i++) {
                left = left.add(Pekko.node(1), "left-" + i).resetDelta();
                other = other.add(Pekko.node(3), "other-" + i).resetDelta();
            }
        }

        byte[] digest(ORSet<String> set) {
            try {
                return MessageDigest.getInstance("SHA-1").digest(pekko.encode(set));
            } catch (NoSuchAlgorithmException missing) {
                throw new IllegalStateException(missing);
            }
        }

        @TearDown
        public void close() {
            pekko.close();
        }
    }

    @Benchmark
    public boolean equalOurs(Ours ours) {
        return ours.left.digest().equals(ours.right.digest());
    }

    @Benchmark
    public PageDigest digestAfterWriteOurs(Ours ours, FilledSets.Order order) {
        ours.written.add(order.next());
        return ours.left.digest();
    }

    @Benchmark
    public Delta differOurs(Ours ours) {
        return ours.right.deltaFor(ours.otherDigest, ours.other.version());
    }

    @Benchmark
    public boolean digestAfterWritePekko(Peer peer) {
        return Arrays.equals(peer.digest(peer.left), new byte[20]);
    }

    @Benchmark
    public ORSet<String> differPekko(Peer peer) {
        return peer.left.merge(peer.other);
    }
}
