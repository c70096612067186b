package dev.rejoin.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.document.Snapshot;
import dev.rejoin.sync.wire.Answer;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.OriginLag;
import dev.rejoin.sync.wire.ProtocolException;
import dev.rejoin.sync.wire.Standing;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Watermark;
import dev.rejoin.sync.wire.Welcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What a session makes of what servers say. Time, and what servers say, are the test's. */
class LiveSessionTest {
    private static final String DOCUMENT = "notes/1";
    private static final long OSLO = 0x1111_0000_0000_0000L;
    private static final long ROME = 0x2222_0000_0000_0000L;
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final byte[] NOTHING = {};

    private final List<Await> asked = new ArrayList<>();
    private final List<Due> timers = new ArrayList<>();
    private final Document document = Document.create();
    private long now = 1_000;

    private record Due(long at, Runnable step) {}

    private final LiveSession session = new LiveSession(DOCUMENT, new Object(), new LiveSession.Host() {
        @Override
        public void later(Runnable announcement) {
            announcement.run();
        }

        @Override
        public Subscription after(long millis, Runnable step) {
            Due due = new Due(now + millis, step);
            timers.add(due);
            return () -> timers.remove(due);
        }

        @Override
        public void ask(Await question) {
            asked.add(question);
        }

        @Override
        public Snapshot snapshot() {
            return document.snapshot();
        }

        @Override
        public Map<WriteHandle, Delta> pending() {
            return Map.of();
        }

        @Override
        public long now() {
            return now;
        }
    });

    private void pass(long millis) {
        now += millis;
        for (Due due : List.copyOf(timers)) {
            if (due.at() <= now) {
                timers.remove(due);
                due.step().run();
            }
        }
    }

    private static dev.rejoin.sync.wire.Position at(long incarnation, long sequence) {
        return new dev.rejoin.sync.wire.Position(incarnation, sequence);
    }

    private static PositionVector vector(long incarnation, long sequence) {
        return PositionVector.of(Position.of(incarnation, sequence));
    }

    private static SessionToken token(long epoch, long incarnation, long sequence) {
        return SessionToken.ofRead(DOCUMENT, epoch, vector(incarnation, sequence));
    }

    private void connect(long epoch, dev.rejoin.sync.wire.Position position, Standing standing, boolean behind) {
        session.greeting();
        session.welcomed(
                new Welcome(epoch, 9, position, 0, 0, List.of(), 1 << 20, 256, 10_000, 0, standing, behind, 0));
        session.updated(Update.of(position, NOTHING));
    }

    private void connect() {
        connect(7, at(OSLO, 5), Standing.NONE, false);
    }

    private void say(Answer... answers) {
        session.heard(new Watermark(at(OSLO, 5), 0, new Standing(NOTHING, List.of(), List.of(answers))));
    }

    private static String code(CompletionStage<?> failed) {
        CompletionException cause = assertThrows(
                CompletionException.class, () -> failed.toCompletableFuture().join());
        return ((NotShownException) cause.getCause()).code();
    }

    @Test
    void theTokenNamesWhatWasShownByAllServersAndGoesAlongWithTheHello() {
        assertEquals(SessionToken.EMPTY, session.token());
        connect(7, at(OSLO, 5), new Standing(vector(ROME, 9).encode(), List.of(), List.of()), false);
        assertTrue(session.token().includes(token(7, OSLO, 5).merge(token(7, ROME, 9))));
        session.updated(new Update(
                at(OSLO, 6),
                NOTHING,
                0,
                dev.rejoin.sync.wire.AckLevel.NONE,
                List.of(),
                vector(ROME, 10).encode()));
        SessionToken both = session.token();
        assertTrue(both.includes(token(7, OSLO, 6).merge(token(7, ROME, 10))));
        session.heard(new Watermark(at(OSLO, 4), 0));
        assertEquals(both, session.token(), "it never goes back");
        assertEquals(both, SessionToken.decode(session.greeting()));
        assertTrue(both.encode().length <= 64);
    }

    @Test
    void theTokenDoesNotGrowWithTheRestartsOfServersSinceItNamesTheLatestOpeningOfEachLog() {
        connect(7, at(OSLO, 5), new Standing(vector(ROME, 1).encode(), List.of(), List.of()), false);
        for (int i = 1; i <= 100; i++) {
            byte[] held = vector(ROME + ((long) i << 16), i).encode();
            session.heard(new Watermark(at(OSLO, 5), 0, new Standing(held, List.of(), List.of())));
        }
        long rome = ROME + (100L << 16);
        assertEquals(token(7, OSLO, 5).merge(token(7, rome, 100)).forOthers(), session.token());
        // and by a Welcome, of the server that is connected to
        session.disconnected();
        long oslo = OSLO + (1L << 16);
        connect(7, at(oslo, 6), new Standing(vector(rome, 100).encode(), List.of(), List.of()), false);
        assertEquals(token(7, oslo, 6).merge(token(7, rome, 100)).forOthers(), session.token());
    }

    @Test
    void whatTheServerMayStillLackStaysInTheTokenWhateverThatTellsOfItsLogs() {
        session.observe(token(7, ROME, 9));
        connect(7, at(OSLO, 5), Standing.NONE, true);
        byte[] held = vector(ROME + (1L << 16), 1).encode();
        session.heard(new Watermark(at(OSLO, 5), 0, new Standing(held, List.of(), List.of())));
        assertTrue(session.token().includes(token(7, ROME, 9)));
    }

    @Test
    void aSessionIsBehindForWhatItTakesInWhileTheGreetingsCross() {
        session.greeting();
        session.observe(token(7, ROME, 9));
        session.welcomed(
                new Welcome(7, 9, at(OSLO, 5), 0, 0, List.of(), 1 << 20, 256, 10_000, 0, Standing.NONE, false, 0));
        session.updated(Update.of(at(OSLO, 5), NOTHING));
        assertTrue(session.freshness().isBehind());
        say(Answer.shown(asked.get(0).id(), "pulled"));
        assertFalse(session.freshness().isBehind());
    }

    @Test
    void whatWasSeenInAnotherLifeIsGivenUpWhenTheServerSaysSo() {
        connect();
        session.disconnected();
        session.forget();
        connect(8, at(OSLO, 1), Standing.NONE, false);
        assertEquals(token(8, OSLO, 1).forOthers(), session.token());
        session.observe(token(7, ROME, 3));
        say(Answer.failed(asked.get(0).id(), "epoch-changed"));
        assertEquals(token(8, OSLO, 5).forOthers(), session.token());
        assertEquals("epoch-changed", session.freshness().code());
        assertFalse(session.freshness().isBehind());
    }

    @Test
    void aSessionIsBehindUntilTheServerHasWhatItHasSeen() {
        List<Boolean> told = new ArrayList<>();
        session.onFreshness(freshness -> told.add(freshness.isBehind()));
        session.observe(token(7, ROME, 3));
        connect(7, at(OSLO, 5), Standing.NONE, true);
        assertTrue(session.freshness().isBehind());
        say(Answer.shown(Answer.OF_HELLO, "pulled"));
        assertFalse(session.freshness().isBehind());
        assertEquals(List.of(true, false), told);
    }

    @Test
    void whatComesByItselfEndsBeingBehindToo() {
        connect();
        session.observe(token(7, ROME, 3));
        assertTrue(session.freshness().isBehind());
        session.updated(new Update(
                at(OSLO, 6),
                NOTHING,
                0,
                dev.rejoin.sync.wire.AckLevel.NONE,
                List.of(),
                vector(ROME, 3).encode()));
        assertFalse(session.freshness().isBehind());
    }

    @Test
    void lostWritesAreToldAndNoLongerAskedFor() {
        session.observe(token(7, ROME, 30));
        connect(7, at(OSLO, 5), Standing.NONE, true);
        say(new Answer(
                0,
                "session-lost-writes",
                "",
                vector(ROME, 30).encode(),
                vector(ROME, 20).encode()));
        assertEquals(new SessionFreshness(false, "session-lost-writes", OptionalLong.of(0)), session.freshness());
        assertFalse(session.token().includes(token(7, ROME, 21)));
        assertTrue(session.token().includes(token(7, ROME, 20)));
    }

    @Test
    void aTokenThatShowsIsNotAskedForAndOneThatDoesNotIsAskedForOnce() {
        connect();
        assertTrue(session.awaitVisible(token(7, OSLO, 5), SECOND)
                .toCompletableFuture()
                .isDone());
        assertEquals(List.of(), asked);
        CompletionStage<Void> wait = session.awaitVisible(token(7, ROME, 9), SECOND);
        pass(400);
        session.disconnected();
        connect();
        assertEquals(
                List.of(1_000L, 600L), asked.stream().map(Await::timeoutMillis).toList());
        say(Answer.shown(asked.get(1).id(), "pulled"));
        wait.toCompletableFuture().join();
        assertEquals(List.of(), timers);
    }

    /** The answer comes after it, and says nothing that the update has not said. */
    @Test
    void whatIsWaitedForIsThereWithTheUpdateThatBringsItButAStrongerReadWaitsForItsAnswer() {
        connect();
        CompletionStage<Void> visible = session.awaitVisible(token(7, ROME, 9), SECOND);
        CompletionStage<Void> more = session.awaitVisible(token(7, ROME, 10), SECOND);
        CompletionStage<Snapshot> strong = session.read(ReadLevel.STRONG, SECOND);
        session.updated(new Update(
                at(OSLO, 6),
                NOTHING,
                0,
                dev.rejoin.sync.wire.AckLevel.NONE,
                List.of(),
                vector(ROME, 9).encode()));
        assertTrue(visible.toCompletableFuture().isDone());
        assertFalse(more.toCompletableFuture().isDone());
        assertFalse(strong.toCompletableFuture().isDone());
        say(Answer.shown(asked.get(0).id(), "pulled"), Answer.shown(asked.get(2).id(), "local"));
        assertFalse(more.toCompletableFuture().isDone());
        assertTrue(strong.toCompletableFuture().isDone());
    }

    @Test
    void waitingHasItsBoundsAndEachHasItsCode() {
        CompletionStage<Void> nobody = session.awaitVisible(token(7, ROME, 9), SECOND);
        pass(1_500);
        assertEquals("timeout", code(nobody));
        connect();
        CompletionStage<Void> late = session.awaitVisible(token(7, ROME, 9), SECOND);
        say(Answer.failed(asked.get(0).id(), "session-not-satisfied"));
        assertEquals("session-not-satisfied", code(late));
        List<CompletionStage<Void>> waits = new ArrayList<>();
        for (int i = 0; i < LiveSession.MAX_WAITING; i++) {
            waits.add(session.awaitVisible(token(7, ROME, 9), SECOND));
        }
        assertEquals("overloaded", code(session.awaitVisible(token(7, ROME, 9), SECOND)));
        for (Duration bad : List.of(Duration.ZERO, Duration.ofSeconds(61))) {
            assertThrows(IllegalArgumentException.class, () -> session.awaitVisible(token(7, ROME, 9), bad));
        }
        session.closed();
        waits.forEach(wait -> assertEquals("closed", code(wait)));
        assertEquals("closed", code(session.awaitVisible(token(7, ROME, 9), SECOND)));
    }

    @Test
    void aReadWaitsForItsLevel() {
        connect();
        document.counter("likes").increment(2);
        assertTrue(
                session.read(ReadLevel.EVENTUAL, SECOND).toCompletableFuture().isDone());
        assertTrue(session.read(ReadLevel.SESSION, SECOND).toCompletableFuture().isDone());
        assertThrows(
                IllegalArgumentException.class, () -> session.read(ReadLevel.snapshot(PositionVector.EMPTY), SECOND));
        CompletionStage<Snapshot> strong = session.read(ReadLevel.STRONG, SECOND);
        assertEquals("strong", asked.get(0).level());
        say(Answer.shown(asked.get(0).id(), "local"));
        assertEquals(2, strong.toCompletableFuture().join().counter("likes"));
        CompletionStage<Snapshot> bounded = session.read(ReadLevel.boundedStaleness(SECOND), SECOND);
        say(Answer.failed(asked.get(1).id(), "too-stale"));
        assertEquals("too-stale", code(bounded));
    }

    @Test
    void lagIsToldAndAgesWhileNothingIsHeard() {
        assertEquals(OptionalLong.empty(), session.freshness().ageMillis());
        List<List<OriginLag>> told = new ArrayList<>();
        session.onLag(told::add);
        List<OriginLag> lag = List.of(new OriginLag(ROME >>> 16, 20, 10, 30, 900, 5, false));
        connect(7, at(OSLO, 5), new Standing(NOTHING, lag, List.of()), false);
        assertEquals(lag, session.lag());
        assertEquals(List.of(lag), told);
        pass(100);
        assertEquals(OptionalLong.of(1_005), session.freshness().ageMillis());
        List<OriginLag> unknown = List.of(new OriginLag(ROME >>> 16, 20, 10, 30, 900, OriginLag.UNKNOWN, true));
        session.heard(new Watermark(at(OSLO, 5), 0, new Standing(NOTHING, unknown, List.of())));
        assertEquals(OptionalLong.empty(), session.freshness().ageMillis());
    }

    @Test
    void aServerAloneIsNeverLateButOneThatIsGoneIs() {
        connect();
        pass(3_000);
        assertEquals(OptionalLong.of(0), session.freshness().ageMillis());
        session.disconnected();
        assertEquals(OptionalLong.of(3_000), session.freshness().ageMillis());
    }

    @Test
    void aVectorThatIsNoneEndsTheConnectionWithACode() {
        assertThrows(
                ProtocolException.class,
                () -> connect(7, at(OSLO, 5), new Standing(new byte[] {1}, List.of(), List.of()), false));
    }
}
