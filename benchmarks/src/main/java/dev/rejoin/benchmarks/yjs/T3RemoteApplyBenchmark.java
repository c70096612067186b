package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import java.util.ArrayList;
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

/** Row T3: what does it cost to apply the updates of a trace one by one? */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class T3RemoteApplyBenchmark {
    /** The updates, in both encodings. */
    @State(Scope.Thread)
    public static class Sent {
        private final List<byte[]> v1 = new ArrayList<>();
        private final List<byte[]> v2 = new ArrayList<>();

        @Setup
        public void send(TraceState state) {
            YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1));
            doc.onUpdate((update, origin, from) -> v1.add(update));
            doc.onUpdateV2((update, origin, from) -> v2.add(update));
            state.script().replay(doc);
        }
    }

    @Benchmark
    public YDoc v1(Sent sent) {
        YDoc doc = YDoc.create();
        for (byte[] update : sent.v1) {
            doc.applyUpdate(update);
        }
        return doc;
    }

    @Benchmark
    public YDoc v2(Sent sent) {
        YDoc doc = YDoc.create();
        for (byte[] update : sent.v2) {
            doc.applyUpdateV2(update);
        }
        return doc;
    }
}
