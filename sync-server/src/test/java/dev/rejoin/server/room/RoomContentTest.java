package dev.rejoin.server.room;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.yjs.AwarenessUpdate;
import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.sync.dialect.DialectMessage;
import dev.rejoin.sync.dialect.Framing;
import dev.rejoin.sync.dialect.YWebsocketFrames;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rooms by hand: the loop and the log do only what a test says. */
class RoomContentTest {
    private static final DocumentName NAME = DocumentName.of("d");

    private final RoomDesk desk = new RoomDesk();
    private final ManualLoop loop = desk.loop;
    private final FakeLog log = desk.log;
    private final List<Editor> editors = new ArrayList<>();

    @AfterEach
    void whatIsStoredIsWhatEditorsWereTold() {
        for (Editor editor : editors) {
            editor.doc.checkInvariants();
        }
    }

    @Test
    void nothingIsRelayedOrSettledBeforeItIsDurable() {
        Editor ann = join(1);
        Editor bob = join(2);
        ann.type(0, "hello");
        loop.run();
        assertEquals("", bob.text());
        assertEquals(0, ann.applied);
        commit();
        assertEquals("hello", bob.text());
        assertEquals(1, ann.applied);
    }

    @Test
    void theAuthorHearsItsOwnChangeOnceItIsDurable() {
        Editor ann = join(1);
        ann.type(0, "a");
        commit();
        assertEquals(1, ann.relayed);
    }

    @Test
    void whatWasKnownBeforeComesBackToItsAuthorAlone() {
        Editor ann = join(1);
        Editor bob = join(2);
        ann.type(0, "a");
        commit();
        int heardByBob = bob.relayed;
        ann.seat.change(ann.doc.encodeStateAsUpdate(), true);
        commit();
        assertEquals(2, ann.relayed);
        assertEquals(2, ann.applied);
        assertEquals(heardByBob, bob.relayed);
    }

    @Test
    void whatArrivesDuringACommitIsOneFrame() {
        Editor ann = join(1);
        Editor bob = join(2);
        ann.type(0, "a");
        loop.run();
        int before = log.appends;
        for (int i = 1; i <= 50; i++) {
            ann.type(i, "b");
        }
        loop.run();
        commit();
        assertEquals(1, log.appends - before);
        assertEquals(2, bob.relayed);
        assertEquals(51, ann.applied);
        assertEquals(ann.text(), bob.text());
    }

    @Test
    void anAnswerWaitsForWhatIsInIt() {
        Editor ann = join(1);
        ann.type(0, "a");
        loop.run();
        Editor bob = new Editor(2, Framing.Y_WEBSOCKET, false);
        bob.synchronise();
        loop.run();
        assertEquals("", bob.text());
        commit();
        assertEquals("a", bob.text());
    }

    @Test
    void theContentIsReadWhenAllOfItIsDurable() {
        Editor ann = join(1);
        ann.type(0, "a");
        loop.run();
        CompletableFuture<Optional<ContentView>> read =
                rooms().readContent(NAME).toCompletableFuture();
        loop.run();
        assertFalse(read.isDone());
        commit();
        ContentView view = read.join().orElseThrow();
        assertEquals("a", view.content().text("t"));
        CompletableFuture<Optional<ContentView>> again =
                rooms().readContent(NAME).toCompletableFuture();
        loop.run();
        assertSame(view, again.join().orElseThrow(), "nothing has changed");
    }

    @Test
    void aLostCommitTellsNobodyAnythingAndPutsAllOut() {
        Editor ann = join(1);
        Editor bob = join(2);
        ann.type(0, "lost");
        loop.run();
        log.fail();
        loop.run();
        assertEquals(0, ann.applied);
        assertEquals("", bob.text());
        assertEquals(FailureCode.STORE_DOWN, ann.denied);
        assertEquals(FailureCode.STORE_DOWN, bob.denied);
    }

    @Test
    void anUnloadedDocumentComesBackWithAllThatWasAcknowledged() {
        Editor ann = join(1);
        for (int i = 0; i < 20; i++) {
            ann.type(i, "x");
            commit();
        }
        ann.seat.leave();
        loop.pass(desk.options.idleUnloadMillis() + 1);
        commit();
        Editor bob = join(2);
        assertEquals("x".repeat(20), bob.text());
        assertTrue(log.images > 0);
    }

    @Test
    void aSlowPeerGetsOneUpdateForAllThatItMissedAndOneStatusForEachOfItsOwn() {
        Editor ann = join(1);
        Editor bob = join(2);
        bob.hasRoom = false;
        for (int i = 0; i < 30; i++) {
            ann.type(i, "a");
            bob.type(0, "b");
            commit();
        }
        assertEquals(0, bob.relayed);
        assertEquals(0, bob.applied);
        bob.hasRoom = true;
        bob.seat.drained();
        commit();
        assertEquals(1, bob.relayed);
        assertEquals(30, bob.applied);
        assertEquals(ann.text(), bob.text());
        ann.type(0, "more");
        commit();
        assertEquals(ann.text(), bob.text());
    }

    /** What the peer lacks is taken when it asks and sent when that is durable; what comes in between must not fall between the two. */
    @Test
    void whatIsTypedWhileAnEditorIsBroughtUpToDateIsNotLeftOut() {
        Editor ann = join(1);
        Editor bob = new Editor(2, Framing.Y_WEBSOCKET, false);
        ann.type(0, "a");
        commit();
        ann.type(1, "b");
        loop.run();
        ann.type(2, "c");
        bob.synchronise();
        ann.type(3, "d");
        commit();
        assertEquals("abcd", ann.text());
        assertEquals(ann.text(), bob.text());
        ann.type(4, "e");
        commit();
        assertEquals(ann.text(), bob.text());
    }

    @Test
    void whatIsTypedWhileASlowPeerCatchesUpIsNotLeftOut() {
        Editor ann = join(1);
        Editor bob = join(2);
        bob.hasRoom = false;
        ann.type(0, "a");
        commit();
        ann.type(1, "b");
        loop.run();
        ann.type(2, "c");
        bob.hasRoom = true;
        bob.seat.drained();
        ann.type(3, "d");
        commit();
        assertEquals(ann.text(), bob.text());
        ann.type(4, "e");
        commit();
        assertEquals(ann.text(), bob.text());
    }

    /** Two answers of different batches are under way, and the peer stops reading between them. */
    @Test
    void whatIsTypedBetweenTwoAnswersIsNotLeftOut() {
        Editor ann = join(1);
        Editor bob = join(2);
        bob.hasRoom = false;
        ann.type(0, "a");
        commit();
        ann.type(1, "b");
        bob.hasRoom = true;
        bob.seat.drained();
        loop.run();
        ann.type(2, "c");
        bob.synchronise();
        ann.type(3, "d");
        loop.run();
        bob.hasRoom = false;
        commit();
        bob.hasRoom = true;
        bob.seat.drained();
        commit();
        assertEquals("abcd", ann.text());
        assertEquals(ann.text(), bob.text());
    }

    @Test
    void aReaderSeesAllAndChangesNothing() {
        Editor ann = join(1);
        ann.type(0, "a");
        commit();
        Editor eve = new Editor(3, Framing.Y_WEBSOCKET, true);
        eve.synchronise();
        commit();
        assertEquals("a", eve.text());
        eve.answer();
        commit();
        assertEquals(1, eve.applied);
        eve.type(0, "evil");
        commit();
        assertEquals(1, eve.refused);
        eve.answer();
        commit();
        assertEquals(2, eve.refused);
        assertEquals("a", ann.text());
    }

    @Test
    void whoMayWriteAgainIsAskedForWhatWasRefused() {
        Editor eve = new Editor(3, Framing.Y_WEBSOCKET, true);
        Editor ann = join(1);
        ann.type(0, "a");
        commit();
        eve = new Editor(3, Framing.Y_WEBSOCKET, true);
        eve.synchronise();
        commit();
        eve.type(1, "kept");
        commit();
        eve.seat.access(false);
        loop.run();
        assertEquals(1, eve.asked);
        eve.answer();
        commit();
        assertEquals("akept", ann.text());
    }

    @Test
    void bytesThatDoNotDecodeCostOneSeatAndNobodyElseNotices() {
        Editor ann = join(1);
        Editor bob = join(2);
        ann.type(0, "a");
        commit();
        bob.seat.change(new byte[] {1, 2, 3}, false);
        commit();
        assertEquals(FailureCode.MALFORMED, bob.denied);
        Editor eve = join(3);
        eve.seat.awareness(new byte[] {9, 9});
        commit();
        assertEquals(FailureCode.MALFORMED, eve.denied);
        Editor dan = join(4);
        dan.seat.synchronise(new byte[] {-1});
        commit();
        assertEquals(FailureCode.MALFORMED, dan.denied);
        ann.type(1, "b");
        commit();
        assertNull(ann.denied);
        assertEquals(2, ann.applied);
    }

    @Test
    void aChangeWhoseForerunnerIsMissingIsKeptAndItsAuthorIsAsked() {
        Editor ann = join(1);
        Editor bob = join(2);
        YDoc elsewhere = YDoc.create(YDocOptions.defaults().withClientId(77));
        List<byte[]> updates = new ArrayList<>();
        elsewhere.onUpdate((update, origin, doc) -> updates.add(update));
        elsewhere.getText("t").insert(0, "first");
        elsewhere.getText("t").insert(5, " second");
        bob.seat.change(updates.get(1), false);
        commit();
        assertEquals("", ann.text());
        assertEquals(1, bob.asked);
        ann.seat.leave();
        bob.seat.leave();
        loop.pass(desk.options.idleUnloadMillis() + 1);
        commit();
        Editor again = join(3);
        again.seat.change(updates.get(0), false);
        commit();
        assertEquals("first second", again.text());
    }

    @Test
    void whatIsOfAnotherLifeOfTheDocumentIsNotMixedIn() {
        Editor ann = join(1);
        ann.type(0, "new life");
        commit();
        Editor old = new Editor(9, Framing.Y_WEBSOCKET, false);
        old.doc.applyUpdate(anotherLife(), "store");
        old.synchronise();
        commit();
        assertEquals(FailureCode.LINEAGE, old.denied);
        assertEquals("new life", ann.text());
    }

    @Test
    void aLocalStoreThatOpensLateMixesNothingInEither() {
        Editor ann = join(1);
        ann.type(0, "new life");
        commit();
        Editor old = join(9);
        old.doc.applyUpdate(anotherLife());
        commit();
        assertEquals(FailureCode.LINEAGE, old.denied);
        assertEquals("new life", ann.text());
    }

    private static byte[] anotherLife() {
        YDoc one = YDoc.create(YDocOptions.defaults().withClientId(8));
        one.getText("t").insert(0, "old ");
        YDoc two = YDoc.create(YDocOptions.defaults().withClientId(7));
        two.applyUpdate(one.encodeStateAsUpdate());
        two.getText("t").insert(0, "very ");
        return two.encodeStateAsUpdate();
    }

    @Test
    void whatAnEditorTypedBeforeItEverConnectedIsNotTakenForAnotherLife() {
        Editor ann = join(1);
        ann.type(0, "a");
        commit();
        Editor bob = new Editor(2, Framing.Y_WEBSOCKET, false);
        bob.doc.getText("t").insert(0, "typed while offline");
        bob.synchronise();
        bob.answer();
        commit();
        assertNull(bob.denied);
        assertEquals(ann.text(), bob.text());
        assertEquals("atyped while offline".length(), ann.text().length());
    }

    @Test
    void aFullDocumentTakesNoMoreAndLosesNothing() {
        desk.options = new RoomOptions(60_000, 256 << 10, 1_000, 200, 10, 60_000, 10_000, 1 << 20);
        Editor ann = join(1);
        ann.type(0, "x".repeat(300));
        commit();
        ann.type(0, "y");
        commit();
        assertEquals(1, ann.applied);
        assertEquals(1, ann.refused);
        Editor bob = join(2);
        assertEquals("x".repeat(300), bob.text());
    }

    @Test
    void contentsBeyondTheBudgetBecomeBytesAndGoOnFromThere() {
        desk.options = new RoomOptions(60_000, 256 << 10, 1_000, 64L << 20, 10, 60_000, 10_000, 100_000);
        Editor ann = join(1);
        ann.type(0, "x".repeat(30_000));
        commit();
        Editor bob = new Editor(2, Framing.Y_WEBSOCKET, false, DocumentName.of("other"));
        bob.synchronise();
        commit();
        bob.type(0, "y".repeat(30_000));
        commit();
        Editor eve = join(3);
        assertEquals("x".repeat(30_000), eve.text());
        eve.type(0, "z");
        commit();
        assertEquals("z" + "x".repeat(30_000), ann.text());
    }

    @Test
    void whatWaitsForItsForerunnerIsKeptWhenAContentBecomesBytes() {
        desk.options = new RoomOptions(60_000, 256 << 10, 1_000, 64L << 20, 10, 60_000, 10_000, 100_000);
        Editor ann = join(1);
        ann.type(0, "x");
        commit();
        join(5);
        YDoc elsewhere = YDoc.create(YDocOptions.defaults().withClientId(77));
        List<byte[]> updates = new ArrayList<>();
        elsewhere.onUpdate((update, origin, doc) -> updates.add(update));
        elsewhere.getText("t").insert(0, "first");
        elsewhere.getText("t").insert(5, " second");
        ann.seat.change(updates.get(1), false);
        commit();
        Editor bob = new Editor(2, Framing.Y_WEBSOCKET, false, DocumentName.of("other"));
        bob.synchronise();
        commit();
        bob.type(0, "y".repeat(30_000));
        commit();
        ann.seat.change(updates.get(0), false);
        commit();
        assertTrue(ann.text().contains("first second"), ann.text());
    }

    @Test
    void thousandsOfJoinersShareOneEncodedState() {
        Editor ann = join(1);
        ann.type(0, "x".repeat(1_000));
        commit();
        Editor bob = join(2);
        Editor eve = join(3);
        assertNotNull(bob.state);
        assertTrue(bob.state == eve.state);
    }

    @Test
    void seatsOfOneFramingShareOneFrame() {
        Editor ann = join(1);
        Editor bob = join(2);
        Editor eve = new Editor(3, new Framing("d"), false);
        eve.synchronise();
        commit();
        ann.type(0, "a");
        commit();
        assertTrue(ann.lastFrame == bob.lastFrame);
        assertFalse(ann.lastFrame == eve.lastFrame);
        assertArrayEquals(new byte[] {1, 'd'}, java.util.Arrays.copyOf(eve.lastFrame, 2));
    }

    @Test
    void javaWritesBothPartsInOneTransactionAndEditorsSeeItsContent() {
        Editor ann = join(1);
        ann.type(0, "from ann");
        commit();
        var written = rooms().document(NAME).transact(document -> {
            document.counter("edits").increment();
            document.content().getText("t").insert(0, "from Java, ");
        });
        loop.run();
        assertEquals("from ann", ann.text());
        int before = log.appends;
        commit();
        assertEquals("from Java, from ann", ann.text());
        assertTrue(written.toCompletableFuture().isDone());
        assertEquals(before, log.appends);
        ann.seat.leave();
        loop.pass(desk.options.idleUnloadMillis() + 1);
        commit();
        Editor bob = join(2);
        assertEquals("from Java, from ann", bob.text());
    }

    @Test
    void whatManySayOfThemselvesLeavesTogether() {
        List<Editor> all = new ArrayList<>();
        for (int i = 1; i <= 20; i++) {
            all.add(join(i));
        }
        all.forEach(editor -> editor.say("{}"));
        loop.run();
        loop.pass(100);
        all.forEach(editor -> editor.awarenessFrames = 0);
        for (int i = 0; i < 5; i++) {
            all.forEach(editor -> editor.say("{\"n\":1}"));
            loop.run();
            loop.pass(80);
        }
        for (Editor editor : all) {
            assertEquals(20, editor.present.size());
            assertTrue(editor.awarenessFrames <= 7, editor.awarenessFrames + " frames for 100 changes");
        }
        all.get(0).seat.leave();
        loop.pass(200);
        assertFalse(all.get(1).present.contains(1L));
        assertEquals(19, all.get(1).present.size());
    }

    @Test
    void howeverOftenSomebodyAsksOneAnswerIsOnItsWayAndFewFollow() {
        Editor ann = join(1);
        ann.type(0, "a long document");
        commit();
        Editor eve = new Editor(2, Framing.Y_WEBSOCKET, false);
        for (int i = 0; i < 1_000; i++) {
            eve.synchronise();
        }
        commit();
        assertEquals(5, eve.states);
        for (int i = 0; i < 100; i++) {
            eve.synchronise();
            commit();
        }
        assertEquals(5, eve.states);
        loop.pass(3_000);
        for (int i = 0; i < 100; i++) {
            eve.synchronise();
            commit();
        }
        assertTrue(eve.states > 5 && eve.states <= 9, eve.states + " answers");
        loop.pass(2_000);
        commit();
        assertEquals("a long document", eve.text());
    }

    @Test
    void whoeverDoesNotReadIsAnsweredWhenItDoes() {
        Editor ann = join(1);
        Editor eve = new Editor(2, Framing.Y_WEBSOCKET, false);
        eve.hasRoom = false;
        eve.synchronise();
        ann.type(0, "a");
        commit();
        assertEquals(0, eve.states);
        eve.hasRoom = true;
        eve.seat.drained();
        commit();
        assertEquals("a", eve.text());
        ann.type(1, "b");
        commit();
        assertEquals("ab", eve.text());
    }

    @Test
    void aChangeWithMoreNewWritersThanAnybodyHasEndsItsSeatOnly() {
        Editor ann = join(1);
        Editor eve = join(2);
        ann.type(0, "a");
        commit();
        eve.synchronise();
        eve.seat.change(ofManyWriters(1_000, 1_025), false);
        commit();
        assertEquals(FailureCode.TOO_LARGE, eve.denied);
        assertEquals("a", ann.text());
        Editor bob = join(3);
        bob.synchronise();
        bob.seat.change(ofManyWriters(1_000, 1_024), false);
        commit();
        assertNull(bob.denied);
        assertEquals(1, bob.applied);
    }

    @Test
    void aDocumentTakesNoMoreWritersThanItMayHaveAndGoesOnWithThoseItHas() {
        desk.options = new RoomOptions(60_000, 256 << 10, 1_000, 64L << 20, 100, 60_000, 10_000, 1 << 20);
        Editor ann = join(1_000_001);
        ann.type(0, "a");
        commit();
        Editor eve = join(1_000_002);
        eve.synchronise();
        for (int i = 0; i < 20; i++) {
            eve.seat.change(ofManyWriters(1 + 9 * i, 9), false);
            commit();
        }
        assertEquals(11, eve.applied);
        assertEquals(9, eve.refused);
        ann.type(1, "b");
        commit();
        assertEquals(2, ann.applied);
    }

    private static byte[] ofManyWriters(long first, int writers) {
        List<byte[]> updates = new ArrayList<>();
        for (long client = first; client < first + writers; client++) {
            YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(client));
            doc.getText("t").insert(0, "x");
            updates.add(doc.encodeStateAsUpdate());
        }
        return Updates.merge(updates);
    }

    @Test
    void aMessageOfTheApplicationReachesThoseWhoUnderstandItAndKeepUp() {
        Editor ann = new Editor(1, new Framing("d"), false);
        Editor bob = new Editor(2, new Framing("d"), true);
        Editor eve = join(3);
        commit();
        bob.hasRoom = false;
        CompletableFuture<Integer> sent =
                rooms().document(NAME).sendStateless("hello").toCompletableFuture();
        loop.run();
        assertEquals(1, sent.join());
        assertEquals(List.of("hello"), ann.stateless);
        assertEquals(List.of(), eve.stateless);
        CompletableFuture<Integer> nobody = rooms().document(DocumentName.of("unheard"))
                .sendStateless("hello")
                .toCompletableFuture();
        loop.run();
        assertEquals(0, nobody.join());
    }

    private void commit() {
        desk.commit();
    }

    private Rooms rooms() {
        return desk.rooms();
    }

    private Editor join(long client) {
        Editor editor = new Editor(client, Framing.Y_WEBSOCKET, false);
        editor.synchronise();
        commit();
        return editor;
    }

    /** An editor with its own copy of the document, as a stock provider keeps it. */
    private final class Editor implements ContentOutlet {
        final YDoc doc;
        final long client;
        final ContentSeat seat;
        final List<Long> present = new ArrayList<>();
        final List<String> stateless = new ArrayList<>();
        final boolean isPlain;
        boolean hasRoom = true;
        int applied;
        int refused;
        int relayed;
        int asked;
        int states;
        int awarenessFrames;
        private long clock;
        byte @Nullable [] state;
        byte[] lastFrame = {};

        @Nullable
        FailureCode denied;

        Editor(long client, Framing framing, boolean readOnly) {
            this(client, framing, readOnly, NAME);
        }

        Editor(long client, Framing framing, boolean readOnly, DocumentName name) {
            this.client = client;
            isPlain = framing.equals(Framing.Y_WEBSOCKET);
            doc = YDoc.create(YDocOptions.defaults().withClientId(client));
            doc.onUpdate((update, origin, changed) -> {
                if (origin == null) {
                    seat().change(update, false);
                }
            });
            editors.add(this);
            seat = rooms().join(name, framing, readOnly, this);
            loop.run();
        }

        private ContentSeat seat() {
            return seat;
        }

        void type(int index, String text) {
            doc.getText("t").insert(index, text);
        }

        String text() {
            return doc.getText("t").toString();
        }

        void synchronise() {
            seat.synchronise(doc.encodeStateVector());
        }

        void answer() {
            seat.change(doc.encodeStateAsUpdate(), true);
        }

        void say(String json) {
            seat.awareness(new AwarenessUpdate(List.of(new AwarenessUpdate.Entry(client, ++clock, json))).encode());
        }

        @Override
        public boolean hasRoom() {
            return hasRoom;
        }

        @Override
        public void admitted(boolean readOnly, byte[] stateVector, byte[] everybody) {}

        @Override
        public void state(byte[] update, byte[] stateVector) {
            states++;
            state = update;
            doc.applyUpdate(update, "server");
        }

        @Override
        public void relay(byte[] frame) {
            lastFrame = frame;
            if (!isPlain) {
                return;
            }
            DialectMessage message = YWebsocketFrames.decode(frame).get(0);
            if (message instanceof DialectMessage.Update update) {
                relayed++;
                doc.applyUpdate(update.update(), "server");
            } else if (message instanceof DialectMessage.SyncStep1) {
                asked++;
            } else if (message instanceof DialectMessage.Awareness awareness) {
                awarenessFrames++;
                for (AwarenessUpdate.Entry entry :
                        AwarenessUpdate.decode(awareness.update(), 20).entries()) {
                    present.remove(entry.client());
                    if (!entry.isGone()) {
                        present.add(entry.client());
                    }
                }
            }
        }

        @Override
        public void settled(int changes, boolean wereApplied) {
            applied += wereApplied ? changes : 0;
            refused += wereApplied ? 0 : changes;
        }

        @Override
        public void access(boolean readOnly) {}

        @Override
        public boolean stateless(String payload) {
            if (hasRoom) {
                stateless.add(payload);
            }
            return hasRoom;
        }

        @Override
        public void denied(FailureCode code, String message) {
            denied = code;
        }
    }
}
