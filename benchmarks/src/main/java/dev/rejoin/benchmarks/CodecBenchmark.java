package dev.rejoin.benchmarks;

import dev.rejoin.crdt.Delta;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What does it cost to write a whole set as bytes, and to read it back? */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CodecBenchmark {

    /** Our set and its bytes. */
    @State(Scope.Thread)
    public static class OurBytes {
        byte[] bytes;

        @Setup
        public void encode(FilledSets.Ours ours) {
            bytes = ours.set.state().encode();
        }
    }

    /** The peer's serialiser. */
    @State(Scope.Thread)
    public static class PeerSerialiser {
        final Pekko pekko = new Pekko();
        byte[] bytes;

        @Setup
        public void encode(FilledSets.Peer peer) {
            bytes = pekko.encode(peer.set);
        }

        @TearDown
        public void close() {
            pekko.close();
        }
    }

    @Benchmark
    public byte[] encodeOurs(FilledSets.Ours ours) {
        return ours.set.state().encode();
    }

    @Benchmark
    public byte[] encodePekko(FilledSets.Peer peer, PeerSerialiser serialiser) {
        return serialiser.pekko.encode(peer.set);
    }

    @Benchmark
    public Delta decodeOurs(OurBytes ours) {
        return Delta.decode(ours.bytes);
    }

    @Benchmark
    public Object decodePekko(FilledSets.Peer peer, PeerSerialiser serialiser) {
        return serialiser.pekko.decode(serialiser.bytes, peer.set);
    }
}
