package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.List;
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

    /**
     * The kind of each root by name: as what it was asked for in this document, or else what is in it tells. Characters mean a text,
     * elements and XML texts a fragment, other values an array, keys alone a map. A root with nothing in it is left out,
     * whoever asked for it. O(roots), plus the deleted items at the beginning of each.
     */
    public Map<String, RootKind> roots() {
        return Reader.roots(store);
    }

    /**
     * The root of this name as a plain value: a {@code String} for a text and for XML, a {@code List} for an array, a {@code Map}
     * for a map; empty if there is none. O(items)
     */
    public Object toJson(String name, RootKind kind) {
        int type = store.findRoot(name);
        return switch (kind) {
            case TEXT -> text(name);
            case XML -> xml(name);
            case ARRAY -> type == NONE ? List.of() : Reader.jsonList(store, type);
            case MAP -> type == NONE ? Map.of() : Reader.jsonMap(store, type);
        };
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
