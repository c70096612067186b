package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import java.io.IOException;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A trace to measure with: one of ours by name, or any file ({@code -p trace=PATH}). */
@State(Scope.Thread)
public class TraceState {
    /** The trace. */
    @Param("automerge-paper")
    public String trace;

    private Script script;

    @Setup
    public void read() throws IOException {
        if (!(TraceReader.read(TraceReader.find(trace)) instanceof Script read)) {
            throw new IllegalArgumentException("not the history of one editor: " + trace);
        }
        script = read;
    }

    Script script() {
        return script;
    }

    PlainTrace plain() {
        return (PlainTrace) script;
    }

    /** A new document with the history made in it. */
    YDoc replayed() {
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1));
        script.replay(doc);
        return doc;
    }
}
