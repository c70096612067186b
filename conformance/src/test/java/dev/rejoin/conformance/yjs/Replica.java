package dev.rejoin.conformance.yjs;

import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.UndoManager;
import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.crdt.yjs.YSnapshot;
import dev.rejoin.crdt.yjs.YText;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One of our documents in a script, with what the script wants it to remember. */
final class Replica {
    static final String REMOTE = "remote";
    static final String UNTRACKED = "untracked";

    private final Script script;
    final boolean gc;
    YDoc doc;

    @Nullable
    UndoManager undo;

    Operations operations;
    final List<YSnapshot> snapshots = new ArrayList<>();
    /** Slots of the outcome that hold relative positions of this replica. */
    final List<Integer> positions = new ArrayList<>();

    private final List<byte[]> made = new ArrayList<>();
    private final List<byte[]> madeV2 = new ArrayList<>();
    /** Whether the last update left something waiting. */
    boolean complete = true;

    Replica(Script script, Script.Peer peer) {
        this.script = script;
        this.gc = peer.gc();
        this.doc = document(peer.client(), gc);
        this.operations = new Operations(doc, script.has(Script.PAIRS));
        equip();
    }

    static YDoc document(long client, boolean gc) {
        YDoc doc = YDoc.create(
                YDocOptions.defaults().withClientId(client).withGc(gc).withGuid("doc"));
        doc.getText("t");
        doc.getText("p");
        doc.getArray("a");
        doc.getMap("m");
        doc.getXmlFragment("x");
        return doc;
    }

    private void equip() {
        doc.onUpdate((update, origin, of) -> {
            if (!REMOTE.equals(origin)) {
                made.add(update);
            }
        });
        doc.onUpdateV2((update, origin, of) -> {
            if (!REMOTE.equals(origin)) {
                madeV2.add(update);
            }
        });
        if (script.has(Script.UNDO)) {
            undo = UndoManager.of(
                    List.of(
                            doc.getText("t"),
                            doc.getText("p"),
                            doc.getArray("a"),
                            doc.getMap("m"),
                            doc.getXmlFragment("x")),
                    UndoManager.Options.defaults()
                            .withCaptureMillis(script.has(Script.MERGED_UNDO) ? 1_000_000_000_000L : 0));
        }
    }

    /** Starts over under another client id with what the bytes hold. */
    void reopen(long client, byte[] state, Version version) {
        doc = document(client, gc);
        operations = new Operations(doc, script.has(Script.PAIRS));
        snapshots.clear();
        positions.clear();
        equip();
        apply(state, version);
    }

    void apply(byte[] update, Version version) {
        complete = (version == Version.V1 ? doc.applyUpdate(update, REMOTE) : doc.applyUpdateV2(update, REMOTE))
                .complete();
    }

    byte[] encode(Version version) {
        return version == Version.V1 ? doc.encodeStateAsUpdate() : doc.encodeStateAsUpdateV2();
    }

    byte[] encode(Version version, StateVector known) {
        return version == Version.V1 ? doc.encodeStateAsUpdate(known) : doc.encodeStateAsUpdateV2(known);
    }

    YText text() {
        return doc.getText("t");
    }

    /** What the document has made since the last call; nothing is no bytes. */
    byte[] take(Version version) {
        List<byte[]> updates = version == Version.V1 ? made : madeV2;
        byte[] one = switch (updates.size()) {
            case 0 -> new byte[0];
            case 1 -> updates.get(0);
            default -> version == Version.V1 ? Updates.merge(updates) : Updates.mergeV2(updates);
        };
        updates.clear();
        return one;
    }
}
