package dev.rejoin.server.room;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.yjs.RootKind;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.sync.dialect.DialectMessage;
import dev.rejoin.sync.dialect.Framing;
import dev.rejoin.sync.dialect.YWebsocketFrames;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Changes of content that a validator refuses, in rooms by hand: the loop and the log do only what a test says. */
class RejectedContentTest {
    private static final DocumentName NAME = DocumentName.of("d");

    private final RoomDesk desk = new RoomDesk();
    private ContentValidator.Remedy remedy = ContentValidator.Remedy.COMPENSATE;
    private int asked;

    RejectedContentTest() {
        desk.contentValidator = change -> {
            asked++;
            return change.bringsIn("forbidden")
                    ? ContentValidator.Decision.reject("forbidden-word", "not \"that\"")
                            .with(remedy)
                    : ContentValidator.Decision.accept();
        };
    }

    @Test
    void aRefusedChangeVanishesAndWhatIsTypedAfterItStays() {
        Editor ann = join(1);
        Editor bob = join(2);
        ann.type(0, "so ");
        desk.commit();
        ann.type(3, "forbidden");
        ann.type(12, " it is");
        assertEquals("so forbidden it is", ann.text());
        desk.commit();
        assertEquals("so  it is", ann.text());
        assertEquals("so  it is", bob.text());
        assertEquals(3, ann.applied, "each change is answered for, refused or not");
        assertEquals(0, ann.refused);
        assertEquals(
                "{\"type\":\"rejected\",\"code\":\"forbidden-word\",\"message\":\"not \\\"that\\\"\","
                        + "\"refused\":[{\"client\":1,\"from\":3,\"to\":12}],\"restored\":[],\"complete\":true}",
                ann.stateless.get(0));
        assertEquals(
                "so forbidden it is", ann.shownWhenTold.get(0), "its page can still read what it is about to lose");
        assertTrue(bob.stateless.isEmpty());
    }

    @Test
    void nothingOfItLeavesOrIsKept() {
        Editor ann = join(1);
        Editor bob = join(2);
        ann.type(0, "a forbidden b");
        ann.type(0, "fine ");
        desk.commit();
        assertTrue(contains(bob.heard, "fine"));
        assertFalse(contains(bob.heard, "forbidden"));
        List<byte[]> kept = new ArrayList<>();
        desk.log
                .documents
                .get("d")
                .tail
                .forEach(batch -> batch.forEach(record -> {
                    if (record instanceof RoomRecord.Content content) {
                        kept.add(content.update());
                    }
                }));
        assertTrue(contains(kept, "fine"));
        assertFalse(contains(kept, "forbidden"));
    }

    @Test
    void nobodyHearsOfARefusalThatIsNotDurable() {
        Editor ann = join(1);
        ann.type(0, "forbidden");
        desk.loop.run();
        assertEquals("forbidden", ann.text());
        assertEquals(0, ann.applied);
        assertTrue(ann.stateless.isEmpty());
        desk.commit();
        assertEquals("", ann.text());
    }

    @Test
    void aServerThatIsKilledBeforeTheCommitJudgesAgain() {
        Editor ann = join(1);
        ann.type(0, "ok ");
        desk.commit();
        ann.type(3, "forbidden");
        ann.type(12, " on");
        desk.loop.run();
        desk.log.fail();
        desk.loop.run();
        desk.reopen();
        ann.connect();
        ann.seat().synchronise(ann.doc.encodeStateVector());
        desk.commit();
        ann.seat().change(ann.doc.encodeStateAsUpdate(), true);
        desk.commit();
        // both came as one change now, and are refused as one
        assertEquals("ok ", ann.text());
        ann.type(3, "again");
        desk.commit();
        assertEquals("ok again", join(3).text());
        assertEquals("ok again", ann.text());
    }

    @Test
    void whatIsRefusedWhileThePeerDoesNotReadItIsToldLater() {
        Editor ann = join(1);
        ann.hasRoom = false;
        ann.type(0, "forbidden");
        desk.commit();
        assertTrue(ann.stateless.isEmpty());
        ann.hasRoom = true;
        ann.seat().drained();
        desk.commit();
        assertEquals(1, ann.stateless.size());
        assertEquals(1, ann.applied);
        assertEquals("", ann.text());
    }

    @Test
    void aValidatorThatThrowsRefuses() {
        desk.contentValidator = change -> {
            throw new IllegalStateException("on purpose");
        };
        Editor ann = join(1);
        ann.type(0, "a");
        desk.commit();
        assertEquals("", ann.text());
        assertTrue(ann.stateless.get(0).contains("validator-failed"));
    }

    @Test
    void itIsNotAskedAboutWhatNobodySees() {
        Editor ann = join(1);
        ann.type(0, "a");
        desk.commit();
        int before = asked;
        ann.seat().change(ann.doc.encodeStateAsUpdate(), true);
        desk.commit();
        assertEquals(before, asked);
    }

    @Test
    void theValidatorSeesTheDocumentAsItWasIfItWantsTo() {
        List<String> seen = new ArrayList<>();
        desk.contentValidator = new ContentValidator() {
            @Override
            public Decision judge(ProposedContent change) {
                assertEquals("d", change.document());
                assertEquals("ann", change.user());
                seen.add(java.util.Objects.requireNonNull(change.before()).text("t") + " " + change.clients() + " "
                        + change.edits());
                return Decision.accept();
            }

            @Override
            public boolean readsBefore() {
                return true;
            }
        };
        Editor ann = join(1);
        ann.type(0, "a");
        ann.type(1, "b");
        desk.commit();
        assertEquals(2, seen.size());
        assertTrue(seen.get(1).startsWith("a [1] [ProposedEdit[t[]"), seen.get(1));
    }

    /** Two tabs of one browser pass on to each other what the server has not seen. */
    @Test
    void whatLacksItsForerunnersComesInWithThemAndIsJudgedThen() {
        Editor ann = join(1);
        YDoc tab = YDoc.create(YDocOptions.defaults().withClientId(9));
        List<byte[]> made = new ArrayList<>();
        tab.onUpdate((update, origin, of) -> made.add(update));
        tab.getText("t").insert(0, "for");
        tab.getText("t").insert(3, "bidden");
        ann.seat().change(made.get(1), false);
        desk.commit();
        assertEquals(0, ann.applied);
        assertFalse(contains(List.of(join(4).state), "bidden"), "what nobody has looked at is kept by nobody");
        desk.loop.pass(2_000);
        assertEquals(1, ann.asked);
        ann.seat().change(tab.encodeStateAsUpdate(), true);
        desk.commit();
        assertEquals(2, ann.applied, "the one that was held back, and the answer");
        assertEquals("", join(5).text());
        assertEquals(1, ann.stateless.size());
    }

    @Test
    void resettingTheSenderAppliesNothingAndEndsItsSession() {
        remedy = ContentValidator.Remedy.RESET_SENDER;
        Editor ann = join(1);
        Editor bob = join(2);
        bob.type(0, "kept");
        desk.commit();
        int before = bob.heard.size();
        ann.doc.getText("t").delete(0, 4);
        ann.type(0, "forbidden");
        // a deletion alone would pass
        desk.commit();
        assertEquals(FailureCode.CONTENT_REJECTED, ann.denied);
        assertNull(bob.denied);
        assertEquals("", bob.text());
        assertEquals(before + 1, bob.heard.size());
        assertEquals("", join(3).text());
    }

    @Test
    void whoeverIsRefusedTooOftenMayOnlyReadAndIsSentAwayInTheEnd() {
        Editor eve = join(1);
        Editor bob = join(2);
        for (int i = 0; i < RejectionBudget.REFUSALS_AT_ONCE; i++) {
            eve.type(0, "forbidden");
            desk.commit();
        }
        assertFalse(eve.readOnly);
        eve.type(0, "forbidden");
        desk.commit();
        assertTrue(eve.readOnly);
        eve.type(0, "fine");
        desk.commit();
        assertEquals("", bob.text());
        assertEquals(1, eve.refused);
        for (int i = 0; i < RejectionBudget.MAX_PASSED_OVER; i++) {
            eve.type(0, "x");
            desk.commit();
        }
        assertEquals(FailureCode.FORBIDDEN, eve.denied);
        bob.type(0, "on");
        desk.commit();
        assertEquals("on", join(3).text());
    }

    /** A few bytes delete a long text, and everybody gets what puts it back. */
    @Test
    void aRefusalThatPutsMuchBackCountsAsMany() {
        desk.contentValidator = change -> change.edits().get(0).textAfter().isEmpty()
                ? ContentValidator.Decision.reject("protected", "this text stays")
                : ContentValidator.Decision.accept();
        Editor eve = join(1);
        String text = "x".repeat(20 * RejectionBudget.BYTES_PER_REFUSAL);
        eve.type(0, text);
        desk.commit();
        int refusals = 0;
        while (!eve.readOnly) {
            eve.doc.getText("t").delete(0, text.length());
            desk.commit();
            assertEquals(text, eve.text());
            refusals++;
        }
        assertEquals(4, refusals);
    }

    @Test
    void theBudgetComesBackWithTime() {
        Editor ann = join(1);
        for (int i = 0; i < 3 * RejectionBudget.REFUSALS_AT_ONCE; i++) {
            ann.type(0, "forbidden");
            desk.commit();
            desk.loop.pass(RejectionBudget.REFUSAL_MILLIS);
        }
        assertFalse(ann.readOnly);
    }

    @Test
    void aWriteOverHttpIsRefusedWithBothItsParts() {
        Editor ann = join(1);
        ann.type(0, "a");
        desk.commit();
        ContentEdit edit = new ContentEdit.InsertText(List.of("t"), 1, " forbidden", null);
        Mutation raised = new Mutation(List.of("n"), ObjectType.PNCOUNTER, Mutation.Op.INCREMENT, 1L);
        WriteRefusedException refused = refusal(new DocumentWrite(List.of(raised), List.of(edit), null));
        assertEquals("forbidden-word", refused.code());
        assertEquals("a", ann.text());
        YDoc elsewhere = YDoc.create(YDocOptions.defaults().withClientId(8));
        elsewhere.getText("t").insert(0, "forbidden");
        byte[] update = elsewhere.encodeStateAsUpdate();
        assertEquals(
                "forbidden-word",
                refusal(new DocumentWrite(List.of(), List.of(), update)).code());
        elsewhere.getText("t").insert(9, "more");
        byte[] rest = dev.rejoin.crdt.yjs.Updates.diff(
                elsewhere.encodeStateAsUpdate(), dev.rejoin.crdt.yjs.Updates.stateVector(update));
        assertEquals(
                "incomplete-update",
                refusal(new DocumentWrite(List.of(), List.of(), rest)).code());
        CompletableFuture<WriteResult> fine = write(
                new DocumentWrite(List.of(), List.of(new ContentEdit.InsertText(List.of("t"), 1, "b", null)), null));
        desk.commit();
        fine.join();
        assertEquals("ab", ann.text());
        assertEquals(RootKind.TEXT, edit.kind());
    }

    private CompletableFuture<WriteResult> write(DocumentWrite write) {
        return desk.rooms().apply(NAME, write, tags -> true, () -> true).toCompletableFuture();
    }

    private WriteRefusedException refusal(DocumentWrite write) {
        CompletableFuture<WriteResult> result = write(write);
        desk.commit();
        return (WriteRefusedException)
                assertThrows(CompletionException.class, result::join).getCause();
    }

    private static boolean contains(List<byte[]> all, String text) {
        return all.stream().anyMatch(bytes -> new String(bytes, StandardCharsets.ISO_8859_1).contains(text));
    }

    private Editor join(long client) {
        Editor editor = new Editor(client);
        editor.connect();
        editor.seat().synchronise(editor.doc.encodeStateVector());
        desk.commit();
        return editor;
    }

    /** A y-websocket client without a socket, which is shown stateless messages too. */
    private final class Editor implements ContentOutlet {
        final YDoc doc;
        final List<String> stateless = new ArrayList<>();
        final List<String> shownWhenTold = new ArrayList<>();
        final List<byte[]> heard = new ArrayList<>();
        boolean hasRoom = true;
        boolean readOnly;
        int applied;
        int refused;
        int asked;
        byte[] state = {};
        private @Nullable ContentSeat seat;

        @Nullable
        FailureCode denied;

        Editor(long client) {
            doc = YDoc.create(YDocOptions.defaults().withClientId(client));
            doc.onUpdate((update, origin, changed) -> {
                if (origin == null) {
                    seat().change(update, false);
                }
            });
        }

        void connect() {
            seat = desk.rooms().join(NAME, Framing.Y_WEBSOCKET, false, this);
            desk.loop.run();
        }

        ContentSeat seat() {
            return java.util.Objects.requireNonNull(seat);
        }

        void type(int index, String text) {
            doc.getText("t").insert(index, text);
        }

        String text() {
            return doc.getText("t").toString();
        }

        @Override
        public String user() {
            return "ann";
        }

        @Override
        public boolean hasRoom() {
            return hasRoom;
        }

        @Override
        public void admitted(boolean mayOnlyRead, byte[] stateVector, byte[] everybody) {}

        @Override
        public void state(byte[] update, byte[] stateVector) {
            state = update;
            doc.applyUpdate(update, "server");
        }

        @Override
        public void relay(byte[] frame) {
            DialectMessage message = YWebsocketFrames.decode(frame).get(0);
            if (message instanceof DialectMessage.Update update) {
                heard.add(update.update());
                doc.applyUpdate(update.update(), "server");
            } else if (message instanceof DialectMessage.SyncStep1) {
                asked++;
            }
        }

        @Override
        public void settled(int changes, boolean wereApplied) {
            applied += wereApplied ? changes : 0;
            refused += wereApplied ? 0 : changes;
        }

        @Override
        public void access(boolean mayOnlyRead) {
            readOnly = mayOnlyRead;
        }

        @Override
        public boolean stateless(String payload) {
            if (hasRoom) {
                stateless.add(payload);
                shownWhenTold.add(text());
            }
            return hasRoom;
        }

        @Override
        public void denied(FailureCode code, String message) {
            denied = code;
        }
    }
}
