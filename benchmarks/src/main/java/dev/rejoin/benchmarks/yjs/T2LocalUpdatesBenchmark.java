package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** Row T2: what does it cost to make all edits of a trace when every edit's update is wanted? */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class T2LocalUpdatesBenchmark {
    @Benchmark
    public YDoc v1(TraceState state, Blackhole hole) {
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1));
        doc.onUpdate((update, origin, from) -> hole.consume(update));
        state.script().replay(doc);
        return doc;
    }

    @Benchmark
    public YDoc v2(TraceState state, Blackhole hole) {
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1));
        doc.onUpdateV2((update, origin, from) -> hole.consume(update));
        state.script().replay(doc);
        return doc;
    }
}
