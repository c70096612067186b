package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.Map;

/** A document as it was when it was asked for this view, for any thread. Taking one costs O(1), and so does keeping it. */
public final class YDocView {
    private final Store store;

    YDocView(Store store) {
        this.store = store;
    }

    /** The characters of the text of this name, empty if there is none. */
    public String text(String name) {
        int type = store.findRoot(name);
        return type == NONE ? "" : Reader.text(store, type);
    }

    /** The content of the text of this name with its attributes; types in it as plain values. */
    public TextDelta delta(String name) {
        int type = store.findRoot(name);
        return type == NONE ? TextDelta.EMPTY : Reader.delta(store, type, null, null);
    }

    /** All roots whose kind is known, as plain values by name. */
    public Map<String, Object> toJson() {
        return Reader.json(store);
    }

    /** The XML of the fragment of this name, empty if there is none. */
    public String xml(String name) {
        int type = store.findRoot(name);
        return type == NONE ? "" : Reader.xml(store, type);
    }

    /** For each client the next clock. */
    public StateVector stateVector() {
        return store.stateVector();
    }

    /** All units that are deleted. O(items) */
    public DeleteSet deleteSet() {
        return StateWriter.deleteSet(store);
    }

    /** The whole document as an update of the first encoding. What waits for earlier updates is not part of it. */
    public byte[] encodeStateAsUpdate() {
        return encodeStateAsUpdate(StateVector.EMPTY);
    }

    /** What a holder of {@code known} lacks, as an update of the first encoding. */
    public byte[] encodeStateAsUpdate(StateVector known) {
        UpdateWriter out = UpdateWriter.v1();
        StateWriter.writeState(store, known, out);
        return out.toByteArray();
    }

    /** What a holder of {@code known} lacks, as an update of the second encoding. */
    public byte[] encodeStateAsUpdateV2(StateVector known) {
        UpdateWriter out = UpdateWriter.v2();
        StateWriter.writeState(store, known, out);
        return out.toByteArray();
    }
}
