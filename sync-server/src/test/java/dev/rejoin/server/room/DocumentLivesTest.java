package dev.rejoin.server.room;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.server.Fragments;
import dev.rejoin.sync.dialect.DialectMessage;
import dev.rejoin.sync.dialect.Framing;
import dev.rejoin.sync.dialect.YWebsocketFrames;
import dev.rejoin.sync.session.Admission;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How documents begin, end and begin again, and who may go on with what he holds; loop and log by hand. */
class DocumentLivesTest {
    private static final DocumentName NAME = DocumentName.of("d");

    private final RoomDesk desk = new RoomDesk();
    private final ManualLoop loop = desk.loop;
    private final FakeLog log = desk.log;
    private final List<String> noticed = new ArrayList<>();

    DocumentLivesTest() {
        desk.observer = new Notes();
    }

    // The end.

    @Test
    void everybodyInADocumentThatIsDeletedIsToldSo() {
        Editor ann = join(1);
        Peer bob = peer(2, 0, Version.EMPTY, false);
        ann.type("text");
        desk.commit();
        CompletableFuture<Boolean> deleted = delete();
        desk.commit();
        assertTrue(deleted.join());
        assertEquals(FailureCode.DOCUMENT_DELETED, ann.denied);
        assertEquals(FailureCode.DOCUMENT_DELETED, bob.failure);
        assertTrue(noticed.contains("deleted"));
    }

    @Test
    void whatWasTakenBeforeTheDeletionIsSettledFirst() {
        Editor ann = join(1);
        ann.type("text");
        CompletableFuture<Boolean> deleted = delete();
        loop.run();
        assertFalse(deleted.isDone());
        assertNull(ann.denied);
        desk.commit();
        assertEquals(1, ann.applied);
        assertEquals(FailureCode.DOCUMENT_DELETED, ann.denied);
        assertTrue(deleted.join());
    }

    @Test
    void whatComesWhileTheDocumentIsBeingDeletedIsNotTaken() {
        Editor ann = join(1);
        ann.type("text");
        desk.commit();
        CompletableFuture<Boolean> deleted = delete();
        loop.run();
        int before = log.appends;
        ann.type("late");
        Editor bob = new Editor(2, false);
        CompletableFuture<DocumentView> written = desk.rooms()
                .document(NAME)
                .transact(document -> document.flag("late").enable())
                .toCompletableFuture();
        CompletableFuture<Boolean> again = delete();
        loop.run();
        assertNull(bob.denied);
        desk.commit();
        assertTrue(deleted.join());
        assertEquals(before, log.appends);
        assertEquals(0, ann.settledSince(1));
        assertEquals(FailureCode.DOCUMENT_DELETED, bob.denied);
        assertEquals(FailureCode.DOCUMENT_DELETED, refusal(written));
        assertEquals(FailureCode.DOCUMENT_DELETED, refusal(again));
    }

    @Test
    void aDeletionThatIsLostPutsAllOutAndDeletesNothing() {
        Editor ann = join(1);
        ann.type("text");
        desk.commit();
        CompletableFuture<Boolean> deleted = delete();
        loop.run();
        log.fail();
        loop.run();
        assertEquals(FailureCode.STORE_DOWN, ann.denied);
        assertEquals(FailureCode.STORE_DOWN, refusal(deleted));
        assertEquals("text", join(2).text());
    }

    @Test
    void nobodyBringsADeletedDocumentBackByComing() {
        Editor ann = join(1);
        ann.type("text");
        desk.commit();
        delete();
        desk.commit();
        ann.doc.getText("t").insert(0, "pending ");
        assertEquals(FailureCode.DOCUMENT_DELETED, ann.comeBack().denied);
        assertEquals(FailureCode.DOCUMENT_DELETED, new Editor(3, false).denied);
        assertEquals(FailureCode.DOCUMENT_DELETED, new Peer(4).come(0, Version.EMPTY, false).failure);
        assertEquals(FailureCode.DOCUMENT_DELETED, refusal(desk.rooms().read(NAME)));
        assertEquals(
                FailureCode.DOCUMENT_DELETED,
                refusal(desk.rooms()
                        .document(NAME)
                        .transact(document -> document.flag("f").enable())));
        assertEquals(FailureCode.DOCUMENT_DELETED, refusal(delete()));
        assertTrue(log.documents.get("d").deleted);
    }

    @Test
    void aDeletionMayBeBoundToAnEntityTagOfAnyPart() {
        Editor ann = join(1);
        ann.type("text");
        desk.rooms().document(NAME).transact(document -> document.flag("f").enable());
        desk.commit();
        String objects = done(desk.rooms().read(NAME)).orElseThrow().etag();
        String content = done(desk.rooms().readContent(NAME)).orElseThrow().etag();
        ann.type("more");
        desk.commit();
        CompletableFuture<Boolean> stale = desk.rooms()
                .delete(NAME, present -> present.content().equals(content))
                .toCompletableFuture();
        desk.commit();
        CompletionException failure = assertThrows(CompletionException.class, stale::join);
        assertEquals(WriteRefusedException.PRECONDITION_FAILED, ((WriteRefusedException) failure.getCause()).code());
        assertNull(ann.denied);
        CompletableFuture<Boolean> fresh = desk.rooms()
                .delete(NAME, present -> present.objects().equals(objects))
                .toCompletableFuture();
        desk.commit();
        assertTrue(fresh.join());
    }

    @Test
    void whatIsNotThereCannotBeDeletedOrRevived() {
        assertFalse(done(delete()));
        assertEquals(Optional.empty(), done(desk.rooms().restore(NAME)));
        assertEquals(Optional.empty(), done(desk.rooms().beginAnew(NAME)));
        new Editor(1, false);
        assertFalse(done(delete()), "nobody has begun it");
        join(2).type("a");
        desk.commit();
        assertEquals(Optional.empty(), done(desk.rooms().restore(NAME)));
    }

    // Restored.

    @Test
    void aRestoredDocumentIsAsItWasAndEditorsGoOnWithWhatTheyHold() {
        Editor ann = join(1);
        ann.type("text");
        desk.commit();
        long before = done(desk.rooms().read(NAME)).orElseThrow().epoch();
        delete();
        desk.commit();
        ann.doc.getText("t").insert(4, " and more");
        DocumentView view = done(desk.rooms().restore(NAME)).orElseThrow();
        assertNotEquals(before, view.epoch());
        assertEquals("text", join(2).text());
        Editor back = ann.comeBack();
        back.answer();
        desk.commit();
        assertNull(back.denied);
        assertEquals("text and more", join(3).text());
    }

    @Test
    void aSessionOfTheNativeProtocolFindsAnotherEpochInARestoredDocument() {
        Peer ann = peer(1, 0, Version.EMPTY, false);
        ann.submit(Fragments.add(ann.replica, 1, "tags", "x"));
        desk.commit();
        long before = ann.admission().epoch();
        delete();
        desk.commit();
        done(desk.rooms().restore(NAME));
        Peer back = peer(1, before, ann.state.context(), false);
        assertNotEquals(before, back.admission().epoch());
        assertEquals(1, back.state.cellCount(), "the whole state, since what it held is of another life");
    }

    @Test
    void whoeverComesWhileADocumentIsRestoredIsLetIn() {
        Editor ann = join(1);
        ann.type("text");
        desk.commit();
        delete();
        desk.commit();
        CompletableFuture<Optional<DocumentView>> restored =
                desk.rooms().restore(NAME).toCompletableFuture();
        Editor bob = new Editor(2, false);
        bob.synchronise();
        desk.commit();
        assertTrue(restored.join().isPresent());
        assertEquals("text", bob.text());
    }

    // Begun anew.

    @Test
    void whatIsLeftOfAFormerLifeIsNotMixedIntoTheNewOne() {
        Editor ann = join(1);
        ann.type("old");
        desk.commit();
        delete();
        desk.commit();
        assertTrue(done(desk.rooms().beginAnew(NAME)).isPresent());
        assertEquals(FailureCode.LINEAGE, ann.comeBack().denied, "nobody has written yet");
        Editor bob = join(2);
        bob.type("new");
        desk.commit();
        assertEquals(FailureCode.LINEAGE, ann.comeBack().denied, "somebody has");
        assertEquals("new", join(3).text());
    }

    @Test
    void aLocalStoreThatOpensLateMixesNothingOfAFormerLifeIn() {
        Editor ann = join(1);
        ann.type("old");
        desk.commit();
        delete();
        desk.commit();
        done(desk.rooms().beginAnew(NAME));
        Editor empty = join(2);
        empty.type("new");
        desk.commit();
        empty.doc.applyUpdate(ann.doc.encodeStateAsUpdate());
        desk.commit();
        assertEquals(FailureCode.LINEAGE, empty.denied);
        Editor remover = join(3);
        ann.doc.getText("t").delete(0, 1);
        remover.seat.change(onlyDeletions(ann.doc), false);
        desk.commit();
        assertEquals(FailureCode.LINEAGE, remover.denied);
        assertEquals("new", join(4).text());
    }

    @Test
    void formerLivesAreRememberedThroughSnapshotsAndFurtherLives() {
        desk.options = desk.options.withSnapshots(1, 1);
        Editor ann = join(1);
        ann.type("first");
        desk.commit();
        delete();
        desk.commit();
        done(desk.rooms().beginAnew(NAME));
        Editor bob = join(2);
        for (int i = 0; i < 5; i++) {
            bob.type("second");
            desk.commit();
        }
        assertTrue(log.images > 0);
        bob.seat.leave();
        loop.pass(desk.options.idleUnloadMillis() + 1);
        desk.commit();
        assertEquals(FailureCode.LINEAGE, ann.comeBack().denied);
        delete();
        desk.commit();
        done(desk.rooms().beginAnew(NAME));
        assertEquals(FailureCode.LINEAGE, ann.comeBack().denied);
        assertEquals(FailureCode.LINEAGE, bob.comeBack().denied);
        assertEquals("", join(3).text());
    }

    @Test
    void noMoreFormerClientsAreRememberedThanTheBound() {
        StateVector.Builder many = StateVector.builder();
        for (int client = 1; client <= FormerLives.MAX_CLIENTS; client++) {
            many.add(client, 1);
        }
        YDoc last = YDoc.create(YDocOptions.defaults().withClientId(1_000_000));
        last.getText("t").insert(0, "last");
        StateVector all = FormerLives.after(last.encodeStateAsUpdate(), many.build());
        assertEquals(FormerLives.MAX_CLIENTS, all.size());
        assertEquals(4, all.get(1_000_000), "the life that ended last comes first");
    }

    // Not yet begun.

    @Test
    void aReaderWaitsInADocumentThatNobodyHasBegunAndSeesItBegin() {
        Editor eve = new Editor(1, true);
        eve.synchronise();
        Peer ned = peer(2, 0, Version.EMPTY, true);
        desk.commit();
        assertNull(eve.denied);
        assertEquals(1, eve.states);
        assertEquals(0, log.documents.size());
        assertEquals(Optional.empty(), done(desk.rooms().read(NAME)));
        Editor ann = join(3);
        assertEquals(0, log.documents.size(), "to look is not to begin");
        ann.type("begun");
        desk.commit();
        assertEquals("begun", eve.text());
        assertEquals(1, log.documents.size());
        desk.rooms().document(NAME).transact(document -> document.flag("f").enable());
        desk.commit();
        assertEquals(1, ned.state.cellCount());
        assertEquals(
                ned.admission().epoch(),
                done(desk.rooms().read(NAME)).orElseThrow().epoch());
    }

    @Test
    void whatAReaderWritesDoesNotBeginADocument() {
        Editor eve = new Editor(1, true);
        eve.synchronise();
        eve.type("evil");
        Peer ned = peer(2, 0, Version.EMPTY, true);
        ned.submit(Fragments.add(ned.replica, 1, "tags", "x"));
        desk.commit();
        assertEquals(1, eve.refused);
        assertEquals(FailureCode.FORBIDDEN, ned.failure);
        assertEquals(0, log.documents.size());
    }

    @Test
    void aDocumentThatNobodyHasBegunIsForgottenSoon() {
        Editor eve = new Editor(1, true);
        loop.run();
        eve.seat.leave();
        loop.pass(1_001);
        assertEquals(List.of("opened", "closed"), noticed);
    }

    @Test
    void aReaderWhoMayWriteFromNowOnBeginsTheDocument() {
        Editor eve = new Editor(1, true);
        eve.synchronise();
        desk.commit();
        eve.seat.access(false);
        eve.type("mine");
        desk.commit();
        assertEquals(1, eve.applied);
        assertEquals("mine", join(2).text());
    }

    @Test
    void readersOfTheNativeProtocolKeepTheirLeaseWhenTheDocumentIsLoadedAgain() {
        Peer ned = peer(2, 0, Version.EMPTY, true);
        join(1).type("begun");
        desk.commit();
        ned.submit(Fragments.add(ned.replica, 1, "tags", "x"));
        desk.commit();
        assertEquals(1, ned.judged);
        loop.pass(1);
        desk.reopen();
        assertEquals("begun", join(3).text());
    }

    // Ahead and astray.

    @Test
    void whatTheServerHasLostIsAskedForAndCounted() {
        Editor ann = join(1);
        Editor bob = join(2);
        ann.type("a");
        bob.type("b");
        desk.commit();
        FakeLog.Kept backup = log.documents.get("d");
        int kept = backup.tail.size();
        ann.type("A");
        bob.type("B");
        desk.commit();
        String all = ann.text();
        while (backup.tail.size() > kept) {
            backup.tail.remove(backup.tail.size() - 1);
            backup.sequence--;
        }
        desk.reopen();
        noticed.clear();
        Editor back = ann.comeBack();
        assertTrue(noticed.contains("ahead"), noticed::toString);
        back.answer();
        desk.commit();
        assertTrue(noticed.contains("healed"), noticed::toString);
        assertEquals(all, join(3).text());
    }

    @Test
    void whatOneTypedOfflineIsNotTakenForALoss() {
        Editor ann = join(1);
        ann.type("a");
        desk.commit();
        ann.seat.leave();
        loop.run();
        ann.doc.getText("t").insert(0, "offline ");
        noticed.clear();
        Editor back = ann.comeBack();
        back.answer();
        desk.commit();
        assertEquals(List.of("ahead"), noticed);
    }

    @Test
    void twoHistoriesUnderOneClientIdAreToldApartAndNobodyElseIsTouched() {
        Editor ann = join(5);
        Editor bob = join(2);
        Editor copy = join(5);
        ann.type("ann");
        desk.commit();
        copy.seat.leave();
        YDoc other = YDoc.create(YDocOptions.defaults().withClientId(5));
        other.getText("t").insert(0, "copy");
        Editor twin = new Editor(5, false);
        loop.run();
        twin.seat.change(other.encodeStateAsUpdate(), false);
        desk.commit();
        assertEquals(FailureCode.EQUIVOCATION, twin.denied);
        assertTrue(noticed.contains("equivocated"));
        assertNull(ann.denied);
        assertNull(bob.denied);
        assertEquals("ann", bob.text());
    }

    @Test
    void whoeverHoldsTheOtherHistoryIsFoundAgainAlthoughItsStateVectorIsTheSame() {
        Editor ann = join(5);
        Editor bob = join(2);
        ann.type("ann");
        bob.type("!");
        desk.commit();
        YDoc other = YDoc.create(YDocOptions.defaults().withClientId(5));
        other.getText("t").insert(0, "abc");
        Editor twin = new Editor(5, false);
        loop.run();
        twin.seat.change(other.encodeStateAsUpdate(), false);
        desk.commit();
        assertEquals(FailureCode.EQUIVOCATION, twin.denied);
        Editor again = new Editor(5, false);
        again.doc.applyUpdate(other.encodeStateAsUpdate(), "store");
        again.synchronise();
        desk.commit();
        assertEquals(FailureCode.EQUIVOCATION, again.answerTheQuestion().denied);
        assertNull(bob.comeBack().answerTheQuestion().denied, "who holds the same is asked too and stays");
        assertNull(ann.comeBack().answerTheQuestion().denied);
    }

    @Test
    void aSessionThatHoldsWhatTheServerHasLostIsToldThatThisIsAnotherLife() {
        Peer ann = peer(1, 0, Version.EMPTY, false);
        ann.submit(Fragments.add(ann.replica, 1, "tags", "x"));
        desk.commit();
        ReplicaId lost = ReplicaId.of(99);
        Peer bob = new Peer(2);
        bob.come(ann.admission().epoch(), Version.of(lost, 3), false);
        desk.commit();
        assertEquals(FailureCode.EPOCH_CHANGED, bob.failure);
        assertTrue(noticed.contains("sessionAhead"));
        assertNull(ann.failure);
        assertTrue(new Peer(3)
                .come(ann.admission().epoch(), ann.state.context(), false)
                .welcomed());
    }

    @Test
    void anotherTransactionAtAJudgedDotEndsTheSessionThatBringsIt() {
        Peer ann = peer(1, 0, Version.EMPTY, false);
        Peer bob = peer(2, 0, Version.EMPTY, false);
        ann.submit(Fragments.add(ann.replica, 1, "tags", "x"));
        ann.submit(Fragments.add(ann.replica, 2, "tags", "y"));
        desk.commit();
        ann.submit(Fragments.add(ann.replica, 2, "tags", "z"));
        desk.commit();
        assertEquals(FailureCode.EQUIVOCATION, ann.failure);
        assertTrue(noticed.contains("equivocated"));
        assertNull(bob.failure);
        Peer again = peer(1, 0, Version.EMPTY, false);
        again.submit(Fragments.add(ann.replica, 2, "tags", "y"));
        desk.commit();
        assertEquals(FailureCode.MALFORMED, again.failure, "the same again is no other history");
    }

    private static byte[] onlyDeletions(YDoc doc) {
        return doc.encodeStateAsUpdate(doc.encodeStateVector());
    }

    private CompletableFuture<Boolean> delete() {
        return desk.rooms().document(NAME).delete().toCompletableFuture();
    }

    private FailureCode refusal(CompletionStage<?> stage) {
        desk.commit();
        CompletableFuture<?> future = stage.toCompletableFuture();
        assertTrue(future.isDone());
        CompletionException failure = assertThrows(CompletionException.class, future::join);
        return ((DocumentUnavailableException) failure.getCause()).code();
    }

    private <T> T done(CompletionStage<T> stage) {
        desk.commit();
        CompletableFuture<T> future = stage.toCompletableFuture();
        assertTrue(future.isDone());
        return future.join();
    }

    private Editor join(long client) {
        Editor editor = new Editor(client, false);
        editor.synchronise();
        desk.commit();
        return editor;
    }

    private Peer peer(long replica, long epoch, Version version, boolean readOnly) {
        Peer peer = new Peer(replica).come(epoch, version, readOnly);
        assertTrue(peer.welcomed());
        return peer;
    }

    /** Writes down what is counted. */
    private final class Notes implements RoomObserver {
        @Override
        public void roomOpened() {
            noticed.add("opened");
        }

        @Override
        public void roomClosed() {
            noticed.add("closed");
        }

        @Override
        public void editorAhead() {
            noticed.add("ahead");
        }

        @Override
        public void contentHealed() {
            noticed.add("healed");
        }

        @Override
        public void sessionAhead() {
            noticed.add("sessionAhead");
        }

        @Override
        public void equivocated() {
            noticed.add("equivocated");
        }

        @Override
        public void deleted() {
            noticed.add("deleted");
        }
    }

    /** A stock editor with its own copy of the document. */
    private final class Editor implements ContentOutlet {
        final YDoc doc;
        final long client;
        ContentSeat seat;
        int applied;
        int refused;
        int states;
        private StateVector question = StateVector.EMPTY;

        @Nullable
        FailureCode denied;

        @SuppressWarnings("NullAway.Init")
        Editor(long client, boolean readOnly) {
            this.client = client;
            doc = YDoc.create(YDocOptions.defaults().withClientId(client));
            doc.onUpdate((update, origin, changed) -> {
                if (origin == null && seat != null) {
                    seat.change(update, false);
                }
            });
            seat = desk.rooms().join(NAME, Framing.Y_WEBSOCKET, readOnly, this);
            loop.run();
        }

        /** The same page, connected again with all that it holds. */
        Editor comeBack() {
            Editor again = new Editor(client, false);
            again.doc.applyUpdate(doc.encodeStateAsUpdate(), "store");
            again.synchronise();
            desk.commit();
            return again;
        }

        void type(String text) {
            doc.getText("t").insert(doc.getText("t").toString().length(), text);
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

        Editor answerTheQuestion() {
            seat.change(doc.encodeStateAsUpdate(question), true);
            desk.commit();
            return this;
        }

        int settledSince(int before) {
            return applied + refused - before;
        }

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void admitted(boolean readOnly, byte[] stateVector, byte[] everybody) {
            question = StateVector.decode(stateVector);
        }

        @Override
        public void state(byte[] update, byte[] stateVector) {
            states++;
            doc.applyUpdate(update, "server");
        }

        @Override
        public void relay(byte[] frame) {
            DialectMessage message = YWebsocketFrames.decode(frame).get(0);
            if (message instanceof DialectMessage.Update update) {
                doc.applyUpdate(update.update(), "server");
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
            return true;
        }

        @Override
        public void denied(FailureCode code, String message) {
            denied = code;
        }
    }

    /** A session of the native protocol. */
    private final class Peer implements Outlet {
        final ReplicaId replica;
        Delta state = Delta.EMPTY;
        int judged;

        @Nullable
        FailureCode failure;

        private @Nullable Seat seat;
        private @Nullable Admission admission;

        Peer(long replica) {
            this.replica = ReplicaId.of(replica);
        }

        Peer come(long epoch, Version version, boolean readOnly) {
            seat = desk.rooms().join(NAME, new Seat.Join(replica, new byte[16], epoch, version, 0, readOnly), this);
            desk.commit();
            return this;
        }

        void submit(byte[] fragment) {
            java.util.Objects.requireNonNull(seat).submit(fragment);
        }

        boolean welcomed() {
            return admission != null;
        }

        Admission admission() {
            return java.util.Objects.requireNonNull(admission);
        }

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void welcome(Admission welcome, Update first) {
            admission = welcome;
            absorb(first);
        }

        @Override
        public void update(Update update, int verdicts) {
            judged += verdicts;
            absorb(update);
        }

        @Override
        public void relay(byte[] updateFrame, Position position) {
            absorb((Update) Frames.decodeServer(updateFrame, ProtocolLimits.DEFAULT));
        }

        @Override
        public void presence(long session, byte[] payload) {}

        @Override
        public void fail(FailureCode code, String message) {
            failure = code;
        }

        private void absorb(Update update) {
            if (update.fragment().length > 0) {
                state = state.join(Delta.decode(update.fragment()));
            }
        }
    }
}
