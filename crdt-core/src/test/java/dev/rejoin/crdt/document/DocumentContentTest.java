package dev.rejoin.crdt.document;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Commit;
import dev.rejoin.crdt.CommitEvent;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.DeltaLimits;
import dev.rejoin.crdt.ReplicaConflictException;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocView;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DocumentContentTest {
    private static Document replica(long id) {
        return Document.builder().replica(ReplicaId.of(id)).build();
    }

    private static Document filled() {
        Document document = replica(1);
        document.transact(() -> {
            document.counter("words").increment(2);
            document.content().getText("body").insert(0, "two words");
            document.content().getText("body").delete(0, 2);
        });
        return document;
    }

    @Test
    void oneTransactionIsOneCommitAndOneEvent() {
        Document document = replica(1);
        List<CommitEvent> events = new ArrayList<>();
        document.onCommit(events::add);
        Commit commit = document.transact("mine", () -> {
            document.counter("n").increment();
            document.content().getText("body").insert(0, "a");
            document.content().transact(() -> document.content().getText("body").insert(1, "b"));
        });
        assertEquals(1, events.size());
        assertEquals(CommitEvent.Kind.LOCAL, events.get(0).kind());
        assertEquals("mine", events.get(0).origin());
        assertEquals(1, events.get(0).changes().size());
        assertArrayEquals(commit.content(), events.get(0).content());
        Document other = replica(2);
        other.onCommit(events::add);
        assertTrue(other.merge(DocumentDelta.of(commit), "theirs").complete());
        assertEquals(2, events.size());
        assertEquals(CommitEvent.Kind.REMOTE, events.get(1).kind());
        assertEquals("theirs", events.get(1).origin());
        assertEquals(1, other.counter("n").value());
        assertEquals("ab", other.content().getText("body").toString());
        assertEquals(document.documentVersion(), other.documentVersion());
    }

    @Test
    void everyWayIntoTheContentIsAStepOfTheDocument() {
        Document document = replica(1);
        List<CommitEvent> events = new ArrayList<>();
        document.onCommit(events::add);
        YDoc content = document.content();
        // typing on, one character at a time
        content.getText("body").insert(0, "a");
        content.getText("body").insert(1, "b");
        content.getText("body").insert(2, "c");
        content.getText("body").delete(2, 1);
        content.getText("body").delete(1, 1);
        assertEquals(5, events.size());
        content.transact("origin", () -> {
            content.getText("body").insert(1, "d");
            document.counter("n").increment();
        });
        assertEquals("origin", events.get(5).origin());
        assertEquals(1, events.get(5).changes().size());
        YDoc editor = YDoc.create();
        editor.applyUpdate(content.encodeStateAsUpdate());
        editor.onUpdate((update, origin, doc) -> content.applyUpdate(update, "editor"));
        editor.getText("body").insert(2, "e");
        editor.getText("body").insert(3, "f");
        assertEquals(8, events.size());
        assertEquals(CommitEvent.Kind.REMOTE, events.get(7).kind());
        assertEquals("editor", events.get(7).origin());
        YDoc folded = YDoc.create();
        events.forEach(event -> folded.applyUpdate(event.content()));
        assertEquals("adef", folded.getText("body").toString());
    }

    @Test
    void aBodyThatThrowsTakesBackBothParts() {
        for (boolean contentFirst : new boolean[] {false, true}) {
            Document document = contentFirst ? filled() : replica(1);
            byte[] before = document.documentState().encode();
            Runnable body = () -> {
                document.counter("words").increment();
                document.content().getText("body").insert(0, "x");
                throw new IllegalStateException("no");
            };
            assertThrows(IllegalStateException.class, () -> document.transact(body));
            assertArrayEquals(before, document.documentState().encode());
            assertThrows(IllegalStateException.class, () -> document.content().transact(body));
            assertArrayEquals(before, document.documentState().encode());
            assertTrue(document.transact(() -> {}).delta().isEmpty());
        }
    }

    @Test
    void aListenerThatFailsAbortsNothing() {
        Document document = replica(1);
        List<CommitEvent> heard = new ArrayList<>();
        document.content().getText("body").observe(event -> {
            throw new IllegalStateException("observer");
        });
        document.onCommit(event -> {
            throw new IllegalStateException("listener");
        });
        document.onCommit(heard::add);
        Exception failure = assertThrows(
                IllegalStateException.class,
                () -> document.transact(() -> {
                    document.counter("n").increment();
                    document.content().getText("body").insert(0, "x");
                }));
        assertEquals("observer", failure.getMessage());
        assertEquals("listener", failure.getSuppressed()[0].getMessage());
        assertEquals(1, heard.size());
        assertEquals(1, document.counter("n").value());
        assertEquals("x", document.content().getText("body").toString());
    }

    @Test
    void whatObserversWriteIsHeardAfterWhatTheyObserve() {
        Document document = replica(1);
        List<Object> heard = new ArrayList<>();
        document.content().getText("body").observe(event -> {
            if (document.counter("n").value() == 1) {
                document.counter("n").increment(10);
                Commit commit = document.transact(() -> {
                    document.counter("n").increment(100);
                    document.content().getText("body").insert(0, "y");
                });
                heard.add(commit.content() != null && !commit.delta().isEmpty());
            }
        });
        document.onCommit(event -> heard.add(event.changes()));
        document.transact(() -> {
            document.counter("n").increment();
            document.content().getText("body").insert(0, "x");
        });
        assertEquals(4, heard.size());
        assertEquals(true, heard.get(0));
        assertTrue(heard.get(1).toString().contains("before=0, after=1]"), heard::toString);
        assertTrue(heard.get(2).toString().contains("before=1, after=11]"), heard::toString);
        assertTrue(heard.get(3).toString().contains("before=11, after=111]"), heard::toString);
    }

    @Test
    void mergingTakesBothPartsOrNeither() {
        Document document = filled();
        byte[] before = document.documentState().encode();
        Document impostor = replica(1);
        impostor.counter("words").increment(3);
        Document honest = replica(3);
        honest.content().getText("body").insert(0, "honest");
        byte[] update = honest.content().encodeStateAsUpdate();
        assertThrows(ReplicaConflictException.class, () -> document.merge(DocumentDelta.of(impostor.state(), update)));
        assertArrayEquals(before, document.documentState().encode());
        honest.counter("words").increment();
        Document narrow = Document.builder()
                .content(() -> YDoc.create(dev.rejoin.crdt.yjs.YDocOptions.defaults()
                        .withLimits(dev.rejoin.crdt.yjs.UpdateLimits.DEFAULT.withMaxBytes(4))))
                .build();
        assertThrows(MalformedUpdateException.class, () -> narrow.merge(honest.documentState()));
        assertEquals(Map.of(), narrow.toMap());
        assertTrue(narrow.documentState().isEmpty());
        narrow.counter("words").increment();
        assertEquals(1, narrow.counter("words").value());
    }

    @Test
    void objectsAloneHaveTheBytesTheyAlwaysHad() {
        Document document = replica(1);
        document.set("tags", ValueCodec.STRING).add("a");
        assertArrayEquals(document.state().encode(), document.documentState().encode());
        assertArrayEquals(
                document.version().encode(), document.documentVersion().encode());
        assertFalse(document.hasContent());
        assertEquals("", document.snapshot().content().text("body"));
        document.content().getText("body");
        assertArrayEquals(document.state().encode(), document.documentState().encode());
        assertEquals(
                document.state(),
                DocumentDelta.decode(document.state().encode()).objects());
        assertNull(document.transact(() -> document.counter("n").increment()).content());
    }

    @Test
    void bytesOfBothPartsComeBackAndBadOnesAreRefused() {
        Document document = filled();
        byte[] bytes = document.documentState().encode();
        byte[] version = document.documentVersion().encode();
        Document other = replica(2);
        other.merge(DocumentDelta.decode(bytes));
        assertEquals(document.documentVersion(), other.documentVersion());
        assertEquals(document.documentVersion(), DocumentVersion.decode(version));
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThrows(MalformedDeltaException.class, () -> DocumentDelta.decode(cut));
        }
        for (int length = 0; length < version.length; length++) {
            byte[] cut = Arrays.copyOf(version, length);
            assertThrows(MalformedDeltaException.class, () -> DocumentVersion.decode(cut));
        }
        byte[] nothing = {0x43, 1, 0x52, 0, 0};
        assertThrows(MalformedDeltaException.class, () -> DocumentDelta.decode(nothing));
        byte[] longForm = {0x43, (byte) 0x81, 0, 0x52, 0, 0};
        assertThrows(MalformedDeltaException.class, () -> DocumentDelta.decode(longForm));
        byte[] huge = {0x43, -1, -1, -1, -1, 0x7f, 0x52};
        assertThrows(MalformedDeltaException.class, () -> DocumentDelta.decode(huge));
        byte[] unknown = {0x57, 1, 0x56, 1, 0};
        assertThrows(MalformedDeltaException.class, () -> DocumentVersion.decode(unknown));
        DeltaLimits tight = new DeltaLimits(bytes.length - 1, 10, 10, 10, 10);
        assertThrows(MalformedDeltaException.class, () -> DocumentDelta.decode(bytes, tight));
    }

    @Test
    void flippedBytesAreRefusedOrMergedWhole() {
        byte[] bytes = filled().documentState().encode();
        long seed = Long.getLong("rejoin.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 5_000; i++) {
            byte[] bad = bytes.clone();
            for (int flips = random.nextInt(3); flips >= 0; flips--) {
                bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            }
            DocumentDelta delta;
            try {
                delta = DocumentDelta.decode(bad);
            } catch (MalformedDeltaException refused) {
                continue;
            }
            // an id that no few flips make of the author's
            Document document = replica(0x5555_5555_5555L);
            document.merge(delta);
            document.content().checkInvariants();
            assertTrue(document.version().includes(delta.objects().context()), "-Drejoin.seed=" + seed);
        }
    }

    @Test
    void versionsTellDeletionsApart() {
        Document document = filled();
        DocumentVersion before = document.documentVersion();
        document.content().getText("body").delete(0, 1);
        DocumentVersion after = document.documentVersion();
        assertEquals(before.content(), after.content());
        assertNotEquals(before, after);
        assertFalse(before.covers(after));
        assertFalse(after.covers(before));
        assertTrue(after.covers(DocumentVersion.EMPTY));
        assertTrue(document.deltaSince(before).hasContent());
        assertTrue(document.deltaSince(after).isEmpty());
        assertTrue(document.snapshot().deltaSince(after).isEmpty());
    }

    @Test
    void aSnapshotShowsBothPartsAsTheyWere() {
        Document document = filled();
        Snapshot snapshot = document.snapshot();
        byte[] state = document.documentState().encode();
        document.transact(() -> {
            document.counter("words").increment();
            document.content().getText("body").insert(0, "more ");
        });
        document.releaseContent();
        assertArrayEquals(state, snapshot.documentState().encode());
        assertEquals("o words", snapshot.content().text("body"));
        assertEquals(2, snapshot.counter("words"));
        assertThrows(IllegalStateException.class, () -> document.transact(document::snapshot));
    }

    @Test
    void contentThatIsKeptElsewhereIsAskedForWhenItIsNeeded() {
        byte[][] kept = {filled().content().encodeStateAsUpdate()};
        int[] asked = {0};
        Document document = Document.builder()
                .content(() -> {
                    asked[0]++;
                    YDoc doc = YDoc.create();
                    doc.applyUpdate(kept[0]);
                    return doc;
                })
                .build();
        document.counter("n").increment();
        Snapshot without = document.snapshot();
        assertEquals(0, asked[0]);
        assertThrows(IllegalStateException.class, without::content);
        assertEquals(1, without.counter("n"));
        List<CommitEvent> events = new ArrayList<>();
        document.onCommit(events::add);
        document.transact(() -> document.content().getText("body").insert(0, "tw"));
        assertEquals(1, asked[0]);
        assertEquals(1, events.size());
        YDoc old = document.content();
        YDocView view = document.snapshot().content();
        DocumentVersion version = document.documentVersion();
        kept[0] = old.encodeStateAsUpdate();
        document.releaseContent();
        old.getText("body").insert(0, "nobody hears this ");
        assertEquals(1, events.size());
        assertFalse(document.hasContent());
        assertEquals(version, document.documentVersion());
        assertEquals(2, asked[0]);
        assertEquals("two words", view.text("body"));
        assertThrows(IllegalStateException.class, () -> document.transact(document::releaseContent));
    }

    @Test
    void contentBelongsToOneDocument() {
        YDoc shared = YDoc.create();
        Document one = Document.builder().content(() -> shared).build();
        Document two = Document.builder().content(() -> shared).build();
        one.content();
        assertThrows(IllegalStateException.class, two::content);
        one.releaseContent();
        assertEquals(shared, two.content());
    }

    @Test
    void contentStandsWhateverBecomesOfTheObjectsUnderAJudge() {
        Document document = Document.builder().judged(true).build();
        Commit commit = document.transact(() -> {
            document.counter("n").increment();
            document.content().getText("body").insert(0, "x");
        });
        assertEquals(1, document.pending().size());
        document.confirm(Delta.EMPTY, document.issued(), List.of(new dev.rejoin.crdt.DotRange(1, document.issued())));
        assertEquals(0, document.counter("n").value());
        assertEquals("x", document.content().getText("body").toString());
        assertTrue(DocumentDelta.of(commit).hasContent());
    }
}
