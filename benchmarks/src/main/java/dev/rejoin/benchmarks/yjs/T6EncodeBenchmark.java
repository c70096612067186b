package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YText;
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

/** Rows T6 and T9: how long to encode a whole document, and what a replica lacks that is ten edits behind? */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class T6EncodeBenchmark {
    /** A document that changes before every question, so that no cached answer counts. */
    @State(Scope.Thread)
    public static class Changing {
        private YDoc doc;
        private YText text;
        private StateVector before;
        private boolean typed;

        @Setup
        public void load(DocumentState state) {
            doc = state.loadV1();
            text = doc.getText(PlainTrace.ROOT);
            before = doc.stateVector();
            for (int i = 0; i < 10; i++) {
                text.insert(0, "x");
            }
        }

        private YDoc change() {
            if (typed) {
                text.delete(0, 1);
            } else {
                text.insert(0, "x");
            }
            typed = !typed;
            return doc;
        }
    }

    @Benchmark
    public byte[] v1(Changing changing) {
        return changing.change().encodeStateAsUpdate();
    }

    @Benchmark
    public byte[] v2(Changing changing) {
        return changing.change().encodeStateAsUpdateV2();
    }

    @Benchmark
    public byte[] unchanged(Changing changing) {
        return changing.doc.encodeStateAsUpdate();
    }

    @Benchmark
    public byte[] tenEditsBehind(Changing changing) {
        return changing.doc.encodeStateAsUpdate(changing.before);
    }
}
