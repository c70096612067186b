package dev.rejoin.crdt.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What two documents that were edited under one client id say of the same clocks. Random histories are in {@link YDocSimulation}. */
class ContradictionsTest {
    private static final long CLIENT = 7;

    private static YDoc document(long client) {
        return YDoc.create(YDocOptions.defaults().withClientId(client).withContradictionsRefused(true));
    }

    /** An update of a client with this id that has done this and nothing else. */
    private static byte[] history(Consumer<YDoc> edits) {
        YDoc doc = document(CLIENT);
        edits.accept(doc);
        return doc.encodeStateAsUpdate();
    }

    private static Consumer<YDoc> text(String text) {
        return doc -> doc.getText("t").insert(0, text);
    }

    @Test
    void anotherTextAtKnownClocksIsRefusedAndChangesNothing() {
        YDoc doc = document(1);
        doc.applyUpdate(history(text("abc")));
        byte[] before = doc.encodeStateAsUpdate();
        ContradictoryUpdateException refusal =
                assertThrows(ContradictoryUpdateException.class, () -> doc.applyUpdate(history(text("abXdef"))));
        assertEquals(CLIENT, refusal.client());
        assertEquals(0, refusal.clock());
        assertArrayEquals(before, doc.encodeStateAsUpdate());
        doc.applyUpdate(history(text("abcdef")));
        assertEquals("abcdef", doc.getText("t").toString());
    }

    @Test
    void theSameTextElsewhereIsRefused() {
        YDoc doc = document(1);
        doc.applyUpdate(history(text("aa").andThen(d -> d.getText("t").insert(2, "b"))));
        refused(doc, text("aa").andThen(d -> d.getText("t").insert(1, "b")));
        refused(doc, d -> d.getText("other").insert(0, "aa"));
    }

    @Test
    void anotherKeyOrValueOrKindIsRefused() {
        YDoc doc = document(1);
        doc.applyUpdate(history(d -> d.getMap("m").set("key", 1)));
        refused(doc, d -> d.getMap("m").set("other", 1));
        refused(doc, d -> d.getMap("m").set("key", 2));
        refused(doc, d -> d.getMap("n").set("key", 1));
        refused(doc, d -> d.getMap("m").setText("key"));
        refused(doc, text("x"));
        assertDoesNotThrow(() -> doc.applyUpdate(history(d -> d.getMap("m").set("key", 1))));
    }

    @Test
    void contentsOfEveryKindAreCompared() {
        List<Consumer<YDoc>> histories = List.of(
                d -> d.getArray("a").push(List.of(1, "x", Map.of("deep", List.of(true)))),
                d -> d.getArray("a").push(List.of(1, "x", Map.of("deep", List.of(false)))),
                d -> d.getArray("a").push(List.of(new byte[] {1, 2})),
                d -> d.getArray("a").push(List.of(new byte[] {1, 3})),
                d -> d.getArray("a").insertMap(0),
                d -> d.getArray("a").insertText(0),
                d -> d.getText("a").insertEmbed(0, Map.of("src", "1")),
                d -> d.getText("a").insertEmbed(0, Map.of("src", "2")),
                d -> d.getText("a").insert(0, "x", Map.of("bold", true)),
                d -> d.getText("a").insert(0, "x", Map.of("italic", true)),
                d -> d.getXmlFragment("a").insertElement(0, "p"),
                d -> d.getXmlFragment("a").insertElement(0, "h1"));
        for (Consumer<YDoc> one : histories) {
            YDoc doc = document(1);
            doc.applyUpdate(history(one));
            for (Consumer<YDoc> other : histories) {
                if (one == other) {
                    doc.applyUpdate(history(other));
                } else {
                    refused(doc, other);
                }
            }
        }
    }

    @Test
    void whatIsDeletedOnOneSideCannotBeCompared() {
        YDoc doc = document(1);
        doc.applyUpdate(history(text("abc")));
        doc.getText("t").delete(1, 1);
        byte[] gone = history(text("abc").andThen(d -> d.getText("t").delete(0, 3)));
        doc.applyUpdate(gone);
        assertEquals("", doc.getText("t").toString());
        doc.applyUpdate(history(text("xyz")));
        assertEquals("", doc.getText("t").toString());
    }

    @Test
    void charactersThatYjsCutsInHalvesAreNotTakenForAnotherText() {
        YDoc doc = document(1);
        doc.applyUpdate(history(text("a\ud83d\ude00b")));
        doc.applyUpdate(history(text("a\ufffd\ufffdb")));
        assertEquals("a\ud83d\ude00b", doc.getText("t").toString());
    }

    @Test
    void documentsThatAreNotAskedToLookIgnoreWhatIsKnown() {
        YDoc doc = YDoc.create();
        doc.applyUpdate(history(text("abc")));
        doc.applyUpdate(history(text("xyz")));
        assertEquals("abc", doc.getText("t").toString());
    }

    private static void refused(YDoc doc, Consumer<YDoc> other) {
        byte[] update = history(other);
        assertThrows(ContradictoryUpdateException.class, () -> doc.applyUpdate(update));
    }
}
