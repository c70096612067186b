package dev.rejoin.server.room;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.GuardPolicy;
import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.ReadFailure;
import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.consistency.session.ReadOutcome;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class GuardedRoomTest {
    private static final DocumentName NAME = DocumentName.of("notes");

    private final RoomDesk desk = new RoomDesk();

    private void write() {
        desk.rooms().document(NAME).transact(document -> document.counter("n").increment());
        desk.commit();
    }

    private CompletableFuture<Optional<GuardedRead<DocumentView>>> read(SessionToken token) {
        return read(token, true);
    }

    private CompletableFuture<Optional<GuardedRead<DocumentView>>> read(SessionToken token, boolean mayCreate) {
        CompletableFuture<Optional<GuardedRead<DocumentView>>> result = desk.rooms()
                .read(NAME, token, ReadLevel.SESSION, GuardPolicy.DEFAULT, () -> mayCreate)
                .toCompletableFuture();
        desk.loop.run();
        return result;
    }

    private GuardedRead<DocumentView> now(SessionToken token) {
        return done(read(token));
    }

    private static <V> GuardedRead<V> done(CompletableFuture<Optional<GuardedRead<V>>> read) {
        assertTrue(read.isDone(), "it still waits");
        return read.join().orElseThrow();
    }

    private SessionToken token(GuardedRead<?> read) {
        return SessionToken.ofRead(NAME.value(), read.epoch(), read.shown());
    }

    private void restart() {
        desk.reopen();
        desk.log.incarnation += 1L << 16;
    }

    @Test
    void aReadIsAnsweredWithATokenThatTheNextOneBrings() {
        write();
        GuardedRead<DocumentView> first = now(SessionToken.EMPTY);
        assertEquals(PositionVector.of(Position.of(desk.log.incarnation, 1)), first.shown());
        assertEquals("local", now(token(first)).outcome().label());
    }

    @Test
    void whoMayBeginNoMoreDocumentsDoesNotWaitInOneThatNobodyHasBegun() {
        SessionToken token = SessionToken.ofRead(NAME.value(), 4711, PositionVector.of(new Position(1, 1)));
        Throwable refused = assertThrows(CompletionException.class, read(token, false)::join)
                .getCause();
        assertEquals(FailureCode.TOO_MANY_IN_FLIGHT, ((DocumentUnavailableException) refused).code());
        assertEquals(
                ReadFailure.SESSION_NOT_SATISFIED,
                ((ReadOutcome.Failed) now(token).outcome()).reason());
        assertTrue(read(SessionToken.EMPTY, false).join().isEmpty(), "who has seen nothing begins nothing");
    }

    @Test
    void aTokenFromBeforeARestartIsSatisfiedAfterIt() {
        write();
        SessionToken before = token(now(SessionToken.EMPTY));
        for (int i = 0; i < 3; i++) {
            restart();
            write();
        }
        GuardedRead<DocumentView> after = now(before);
        assertEquals("local", after.outcome().label());
        assertEquals(1, after.shown().size(), "the token does not grow with the restarts");
    }

    @Test
    void anImageRemembersTheOpeningsThatItHasReplaced() {
        desk.options = RoomOptions.DEFAULTS.withSnapshots(0, 1);
        write();
        SessionToken before = token(now(SessionToken.EMPTY));
        restart();
        write();
        write();
        assertTrue(desk.log.images > 0);
        restart();
        assertEquals("local", now(before).outcome().label());
    }

    @Test
    void whatALostTailHadIsToldToBeLostWithWhatSurvives() {
        write();
        write();
        SessionToken both = token(now(SessionToken.EMPTY));
        long opening = desk.log.incarnation;
        FakeLog.Kept kept = desk.log.documents.get(NAME.value());
        kept.tail.remove(1);
        kept.writers.remove(1);
        kept.sequence = 1;
        restart();
        ReadOutcome.Failed failed =
                assertInstanceOf(ReadOutcome.Failed.class, now(both).outcome());
        assertEquals(ReadFailure.SESSION_LOST_WRITES, failed.reason());
        assertEquals(PositionVector.of(Position.of(opening, 1)), failed.surviving());
    }

    @Test
    void aReadOfWhatIsNotYetHereWaitsUntilItIs() {
        write();
        GuardedRead<DocumentView> first = now(SessionToken.EMPTY);
        SessionToken next = SessionToken.ofRead(
                NAME.value(), first.epoch(), PositionVector.of(Position.of(desk.log.incarnation, 2)));
        CompletableFuture<Optional<GuardedRead<DocumentView>>> waiting = read(next);
        assertFalse(waiting.isDone());
        write();
        assertEquals("waited", done(waiting).outcome().label());
        assertEquals(2, done(waiting).view().orElseThrow().position().sequence());
    }

    @Test
    void aReadThatNothingHelpsFailsAndTheRoomIsUnloadedAfterwards() {
        write();
        long epoch = now(SessionToken.EMPTY).epoch();
        SessionToken never = SessionToken.ofRead(NAME.value(), epoch, PositionVector.of(new Position(0xabcdef, 1)));
        CompletableFuture<Optional<GuardedRead<DocumentView>>> waiting = read(never);
        desk.loop.pass(GuardPolicy.DEFAULT.waitBudget().toMillis());
        assertEquals("session-not-satisfied", done(waiting).outcome().label());
    }

    @Test
    void whatCameFromAnotherServerIsClaimedAtOnceWithWhatShowsItAndRememberedOverRestartsAndImages() {
        desk.options = RoomOptions.DEFAULTS.withSnapshots(0, 3);
        write();
        long epoch = now(SessionToken.EMPTY).epoch();
        Position theirs = Position.of(0x77L << 16, 4);
        SessionToken wanted = SessionToken.ofRead(NAME.value(), epoch, PositionVector.of(theirs));
        CompletableFuture<Optional<GuardedRead<DocumentView>>> waiting = read(wanted);
        desk.rooms()
                .hold(
                        NAME,
                        HeldPositions.NONE.with(0x99, 0x77L << 16, 4),
                        document -> document.counter("n").increment(10));
        desk.loop.run();
        assertFalse(waiting.isDone(), "it is not durable yet");
        desk.commit();
        GuardedRead<DocumentView> shown = done(waiting);
        assertEquals("waited", shown.outcome().label());
        assertEquals(11L, shown.view().orElseThrow().snapshot().toMap().get("n"));
        assertEquals(PositionVector.of(theirs, Position.of(desk.log.incarnation, 2)), shown.shown());
        restart();
        assertEquals("local", now(wanted).outcome().label());
        for (int i = 0; i < 6; i++) {
            write();
        }
        assertTrue(desk.log.images > 0);
        assertTrue(
                desk.log.documents.get(NAME.value()).tail.stream()
                        .flatMap(batch -> batch.stream())
                        .noneMatch(record -> record instanceof RoomRecord.Held),
                "only the image has it");
        restart();
        assertEquals("local", now(wanted).outcome().label());
    }

    @Test
    void aTokenOfAnotherLifeIsRefused() {
        write();
        GuardedRead<DocumentView> read = now(SessionToken.EMPTY);
        SessionToken other = SessionToken.ofRead(NAME.value(), read.epoch() + 1, read.shown());
        assertEquals("epoch-changed", now(other).outcome().label());
    }

    @Test
    void aDocumentThatASessionHasSeenIsNotAnsweredWithNothing() {
        SessionToken seen = SessionToken.ofRead(NAME.value(), 5, PositionVector.of(new Position(1, 1)));
        assertEquals("session-not-satisfied", now(seen).outcome().label());
        assertEquals(Optional.empty(), read(SessionToken.EMPTY).join());
    }

    /** What is counted is what was answered: no read of a document that is not here is counted as stale, or as served. */
    @Test
    void whatBecameOfAReadOfADocumentThatNobodyHasBegunHereIsToldOnce() {
        List<String> told = new ArrayList<>();
        desk.observer = new RoomObserver() {
            @Override
            public void decided(ReadOutcome outcome) {
                told.add(outcome.label());
            }
        };
        desk.epochs = new OneEpoch();
        now(SessionToken.ofRead(NAME.value(), OneEpoch.EPOCH + 1, PositionVector.of(new Position(1, 1))));
        assertEquals(List.of("session-not-satisfied"), told);
        SessionToken seen = SessionToken.ofRead(NAME.value(), OneEpoch.EPOCH, PositionVector.of(new Position(1, 1)));
        CompletableFuture<Optional<GuardedRead<DocumentView>>> lenient = desk.rooms()
                .read(NAME, seen, ReadLevel.SESSION, GuardPolicy.DEFAULT.withStaleAllowed(true), () -> true)
                .toCompletableFuture();
        desk.loop.pass(GuardPolicy.DEFAULT.waitBudget().toMillis());
        assertEquals("session-not-satisfied", done(lenient).outcome().label());
        assertEquals(List.of("session-not-satisfied", "session-not-satisfied"), told);
        write();
        now(SessionToken.EMPTY);
        assertEquals("local", told.get(2));
        assertEquals(3, told.size());
    }

    private static final class OneEpoch implements Epochs {
        static final long EPOCH = 5;

        @Override
        public long first(String document) {
            return EPOCH;
        }

        @Override
        public long restored(String document, long former) {
            throw new AssertionError("nothing is deleted");
        }

        @Override
        public long begunAnew(String document, long former) {
            throw new AssertionError("nothing is deleted");
        }
    }
}
