package dev.rejoin.server.room;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.server.Fragments;
import dev.rejoin.sync.session.Admission;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a room promises, with a log and a clock in the hands of the test. */
class RoomTest {
    private static final DocumentName NAME = DocumentName.of("d");

    private final RoomDesk desk = new RoomDesk();
    private final ManualLoop loop = desk.loop;
    private final FakeLog log = desk.log;

    @Test
    void nothingIsSeenBeforeItIsDurable() {
        Peer ann = join(1);
        Peer bob = join(2);
        ann.seat.submit(Fragments.add(ann.replica, 1, "tags", "x"));
        loop.run();
        assertEquals(0, ann.updates.size());
        assertEquals(0, bob.updates.size());
        assertEquals("{}", json());
        commit();
        assertEquals(1, ann.acked());
        assertEquals(1, bob.state.cellCount());
        assertEquals("{tags=[x]}", json());
    }

    @Test
    void aSessionIsWelcomedWhenItsLeaseIsDurable() {
        Peer ann = new Peer(1);
        ann.seat = rooms().join(NAME, ann.request(), ann);
        loop.run();
        assertFalse(ann.welcomed());
        commit();
        assertTrue(ann.welcomed());
    }

    @Test
    void whatArrivesDuringACommitFormsOneBatch() {
        Peer ann = join(1);
        Peer bob = join(2);
        int before = log.appends;
        ann.seat.submit(Fragments.add(ann.replica, 1, "tags", "first"));
        loop.run();
        for (int i = 2; i <= 100; i++) {
            ann.seat.submit(Fragments.add(ann.replica, i, "tags", "later" + i));
        }
        loop.run();
        commit();
        assertEquals(2, log.appends - before);
        assertEquals(100, ann.acked());
        assertEquals(100, bob.state.cellCount());
        assertEquals(2, bob.updates.size());
    }

    @Test
    void whoHoldsWhatIsNotHereIsLeasedNothing() {
        Peer ann = join(1);
        ann.seat.submit(Fragments.add(ann.replica, 1, "tags", "here"));
        commit();
        Peer bob = new Peer(2);
        Version elsewhere = Version.of(bob.replica, 1);
        bob.seat = rooms().join(
                        NAME,
                        new Seat.Join(bob.replica, new byte[16], ann.admission().epoch(), elsewhere, 0, false),
                        bob);
        commit();
        assertEquals(FailureCode.EPOCH_CHANGED, bob.failure);
        byte[] otherKey = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
        Peer carl = new Peer(2);
        carl.seat = rooms().join(NAME, new Seat.Join(carl.replica, otherKey, 0, Version.EMPTY, 0, false), carl);
        commit();
        assertTrue(carl.welcomed(), "the id was leased to somebody who was sent away");
    }

    @Test
    void aLostCommitEndsTheSessionsAndTheNextVisitorSeesWhatIsStored() {
        Peer ann = join(1);
        ann.seat.submit(Fragments.add(ann.replica, 1, "tags", "kept"));
        commit();
        ann.seat.submit(Fragments.add(ann.replica, 2, "tags", "lost"));
        loop.run();
        log.fail();
        loop.run();
        assertEquals(FailureCode.STORE_DOWN, ann.failure);
        assertEquals(1, ann.acked());
        Peer again = join(1);
        assertEquals(1, again.admission().judgedThrough());
        assertEquals("{tags=[kept]}", json());
    }

    @Test
    void whoeverFallsBehindGetsOneJoinedUpdateWithItsVerdicts() {
        desk.validator = change -> change.mutations().get(0).value().equals("bad")
                ? MutationValidator.Decision.reject("content-rejected", "no")
                : MutationValidator.Decision.accept();
        Peer ann = join(1);
        Peer bob = join(2);
        bob.hasRoom = false;
        for (int i = 1; i <= 5; i++) {
            ann.seat.submit(Fragments.add(ann.replica, i, "tags", "a" + i));
            bob.seat.submit(Fragments.add(bob.replica, i, "tags", i == 3 ? "bad" : "b" + i));
            commit();
        }
        assertEquals(0, bob.updates.size());
        bob.hasRoom = true;
        bob.seat.drained();
        loop.run();
        assertEquals(1, bob.updates.size());
        Update joined = bob.updates.get(0);
        assertEquals(5, joined.ackedThrough());
        assertEquals(3, joined.rejections().get(0).first());
        assertEquals(5, bob.judged);
        assertEquals(9, bob.state.cellCount());
        ann.seat.submit(Fragments.add(ann.replica, 6, "tags", "a6"));
        commit();
        assertEquals(2, bob.updates.size());
    }

    @Test
    void anIdleRoomLeavesASnapshotAndComesBackTheSame() {
        Peer ann = join(1);
        ann.seat.submit(Fragments.add(ann.replica, 1, "tags", "x"));
        commit();
        ann.seat.leave();
        loop.pass(desk.options.idleUnloadMillis() + 1);
        assertEquals(1, log.images);
        FakeLog.Kept kept = log.documents.get("d");
        assertNotNull(kept);
        assertEquals(0, kept.tail.size());
        Peer again = join(1);
        assertEquals(1, again.admission().judgedThrough());
        assertEquals(1, again.admission().verdicts().size());
        assertEquals(1, again.state.cellCount());
        again.seat.submit(Fragments.add(again.replica, 2, "tags", "y"));
        commit();
        assertEquals(2, again.acked());
    }

    @Test
    void aLongTailIsReplacedByASnapshot() {
        desk.options = desk.options.withSnapshots(1, 10);
        Peer ann = join(1);
        for (int i = 1; i <= 40; i++) {
            ann.seat.submit(Fragments.add(ann.replica, i, "tags", "x" + i));
            commit();
        }
        FakeLog.Kept kept = log.documents.get("d");
        assertNotNull(kept);
        assertTrue(log.images > 0);
        assertTrue(kept.tail.size() < 20, kept.tail.size() + " entries");
        String before = json();
        desk.reopen();
        assertEquals(40, join(1).admission().judgedThrough());
        assertEquals(before, json());
    }

    @Test
    void aDamagedDocumentIsRefusedAndOthersAreServed() {
        log.damaged.add("d");
        Peer ann = new Peer(1);
        ann.seat = rooms().join(NAME, ann.request(), ann);
        loop.run();
        assertEquals(FailureCode.DOCUMENT_CORRUPT, ann.failure);
        Peer bob = new Peer(2);
        bob.seat = rooms().join(DocumentName.of("other"), bob.request(), bob);
        commit();
        assertTrue(bob.welcomed());
    }

    @Test
    void verdictsAreRememberedOnlySoLong() {
        Peer ann = join(1);
        int many = Lease.MAX_VERDICTS + 10;
        for (int i = 1; i <= many; i++) {
            ann.seat.submit(Fragments.add(ann.replica, i, "tags", i));
        }
        commit();
        Peer again = join(1);
        assertEquals(FailureCode.SESSION_REPLACED, ann.failure);
        assertEquals(Lease.MAX_VERDICTS, again.admission().verdicts().size());
        assertEquals(many, again.admission().judgedThrough());
    }

    @Test
    void aReplacedSessionWritesNothingMore() {
        Peer first = join(1);
        Peer second = join(1);
        first.seat.submit(Fragments.add(first.replica, 1, "tags", "from the past"));
        second.seat.submit(Fragments.add(first.replica, 1, "tags", "x"));
        commit();
        assertEquals("{tags=[x]}", json());
    }

    @Test
    void trustedWritesReachTheSessionsAndComeBackDurable() {
        Peer ann = join(1);
        CompletableFuture<DocumentView> done = rooms().document(NAME)
                .transact(document -> document.counter("visits").increment(3))
                .toCompletableFuture();
        loop.run();
        assertFalse(done.isDone());
        commit();
        assertEquals("{visits=3}", done.join().snapshot().toMap().toString());
        assertEquals(1, ann.updates.size());
    }

    @Test
    void aTrustedWriteThatThrowsLeavesNoTrace() {
        join(1);
        CompletableFuture<DocumentView> done = rooms().document(NAME)
                .transact(document -> {
                    document.set("tags", ValueCodec.STRING).add("half");
                    throw new IllegalStateException("on purpose");
                })
                .toCompletableFuture();
        commit();
        assertThrows(CompletionException.class, done::join);
        assertEquals("{}", json());
    }

    @Test
    void theServersOwnReplicaCannotBeTaken() {
        join(1);
        rooms().document(NAME).transact(document -> document.counter("visits").increment());
        commit();
        ReplicaId own = readNow().snapshot().version().replicas().get(0);
        Peer thief = new Peer(own.bits());
        thief.seat = rooms().join(NAME, thief.request(), thief);
        commit();
        assertEquals(FailureCode.REPLICA_CONFLICT, thief.failure);
    }

    @Test
    void shuttingDownCommitsWhatIsOpen() {
        Peer ann = join(1);
        ann.seat.submit(Fragments.add(ann.replica, 1, "tags", "x"));
        CompletableFuture<Void> closed = rooms().close().toCompletableFuture();
        loop.run();
        assertFalse(closed.isDone());
        commit();
        assertTrue(closed.isDone());
        assertEquals(1, ann.acked());
        assertEquals(FailureCode.SHUTTING_DOWN, ann.failure);
    }

    private Rooms rooms() {
        return desk.rooms();
    }

    private Peer join(long replica) {
        Peer peer = new Peer(replica);
        peer.seat = rooms().join(NAME, peer.request(), peer);
        commit();
        assertTrue(peer.welcomed());
        return peer;
    }

    private void commit() {
        desk.commit();
    }

    private DocumentView readNow() {
        var read = rooms().document(NAME).read().toCompletableFuture();
        loop.run();
        return read.join().orElseThrow();
    }

    private String json() {
        return readNow().snapshot().toMap().toString();
    }

    /** A session that remembers what it hears. */
    private static final class Peer implements Outlet {
        final ReplicaId replica;
        final List<Update> updates = new ArrayList<>();
        Delta state = Delta.EMPTY;
        boolean hasRoom = true;
        int judged;

        @Nullable
        FailureCode failure;

        private @Nullable Admission admission;
        Seat seat;

        @SuppressWarnings("NullAway.Init")
        Peer(long replica) {
            this.replica = ReplicaId.of(replica);
        }

        Seat.Join request() {
            return new Seat.Join(replica, new byte[16], 0, Version.EMPTY, 0, false);
        }

        boolean welcomed() {
            return admission != null;
        }

        Admission admission() {
            return java.util.Objects.requireNonNull(admission);
        }

        long acked() {
            return updates.stream().mapToLong(Update::ackedThrough).max().orElse(0);
        }

        @Override
        public boolean hasRoom() {
            return hasRoom;
        }

        @Override
        public void welcome(Admission welcome, Update first) {
            admission = welcome;
            absorb(first);
        }

        @Override
        public void update(Update update, int verdicts) {
            judged += verdicts;
            updates.add(update);
            absorb(update);
        }

        @Override
        public void relay(byte[] updateFrame, Position position) {
            update((Update) Frames.decodeServer(updateFrame, ProtocolLimits.DEFAULT), 0);
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
