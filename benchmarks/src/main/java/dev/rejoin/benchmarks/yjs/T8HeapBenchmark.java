package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Row T8: how much heap does a loaded document take? The figure is the counter {@code bytesPerDocument}, one measurement per fork. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(1)
public class T8HeapBenchmark {
    /** The answer. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Heap {
        /** Used heap per retained copy. */
        public long bytesPerDocument;
    }

    @Benchmark
    public YDoc loaded(DocumentState state, Heap heap) {
        heap.bytesPerDocument = HeapPerCopy.measure(state.v1.length, () -> {
            YDoc doc = state.loadV1();
            if (state.text(doc).isEmpty()) {
                throw new IllegalStateException("nothing was loaded");
            }
            return doc;
        });
        return state.loadV1();
    }
}
