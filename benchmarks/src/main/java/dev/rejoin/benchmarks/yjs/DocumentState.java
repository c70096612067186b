package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YArchive;
import dev.rejoin.crdt.yjs.YDoc;
import java.io.IOException;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A whole document to measure with: what a trace ends with, or a file of its own ({@code -p document=PATH}). */
@State(Scope.Thread)
public class DocumentState {
    /** The trace or document. */
    @Param({"automerge-paper", "sveltecomponent", "friendsforever_flat", "json-crdt-patch"})
    public String document;

    byte[] v1;
    byte[] v2;
    byte[] archive;
    private boolean tree;

    @Setup
    public void read() throws IOException {
        Trace trace = TraceReader.read(TraceReader.find(document));
        YDoc doc = YDoc.create();
        if (trace instanceof Script script) {
            script.replay(doc);
            tree = script instanceof TreeTrace;
        } else if (trace instanceof SharedTrace shared) {
            shared.play().forEach(doc::applyUpdate);
        } else if (trace instanceof WholeDocument whole) {
            doc.applyUpdateV2(whole.update());
        }
        v1 = doc.encodeStateAsUpdate();
        v2 = doc.encodeStateAsUpdateV2();
        archive = YArchive.encode(doc);
    }

    YDoc loadV1() {
        YDoc doc = YDoc.create();
        doc.applyUpdate(v1);
        return doc;
    }

    YDoc loadV2() {
        YDoc doc = YDoc.create();
        doc.applyUpdateV2(v2);
        return doc;
    }

    String text(YDoc doc) {
        return tree ? doc.getXmlFragment(TreeTrace.ROOT).toString() : WholeDocument.text(doc);
    }
}
