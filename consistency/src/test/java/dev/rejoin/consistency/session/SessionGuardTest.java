package dev.rejoin.consistency.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Subscription;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class SessionGuardTest {
    private static final Position HERE = new Position(1, 1);
    private static final Position THERE = new Position(2, 9);
    private static final SessionToken ASKS = SessionToken.ofRead("a", 7, PositionVector.of(THERE));
    private static final GuardPolicy STALE = GuardPolicy.DEFAULT.withStaleAllowed(true);

    private final VirtualTime time = new VirtualTime(5_000);
    private final Watermark watermark = new Watermark(PositionVector.of(HERE), 3);
    private final Peers peers = new Peers();
    private final List<String> told = new ArrayList<>();
    private long staleness = 4_000;
    private final SessionGuard guard = new SessionGuard(
            "a", 7, watermark, () -> staleness, peers, time, time, outcome -> told.add(outcome.label()));

    private static final class Peers implements Origins {
        CompletableFuture<Pulled> pulled = new CompletableFuture<>();
        CompletableFuture<PositionVector> heads = new CompletableFuture<>();
        final List<PositionVector> asked = new ArrayList<>();
        Optional<String> holder = Optional.empty();

        @Override
        public CompletionStage<Pulled> pull(PositionVector missing) {
            asked.add(missing);
            return pulled;
        }

        @Override
        public Optional<String> holder(PositionVector needs) {
            return holder;
        }

        @Override
        public CompletionStage<PositionVector> heads() {
            return heads;
        }
    }

    private CompletableFuture<ReadOutcome> read(ReadLevel level, GuardPolicy policy) {
        return guard.read(ASKS, level, policy).toCompletableFuture();
    }

    @Test
    void whatIsHereIsServedAtOnce() {
        SessionToken asks = SessionToken.ofRead("a", 7, PositionVector.of(HERE));
        ReadOutcome outcome = guard.read(asks, ReadLevel.SESSION, GuardPolicy.DEFAULT)
                .toCompletableFuture()
                .join();
        assertEquals(
                new ReadOutcome.Served(ReadOutcome.Path.LOCAL, PositionVector.of(HERE), 0), outcome, "with >=, not >");
        assertEquals(List.of(), peers.asked);
        assertTrue(guard.isSatisfied(SessionToken.ofRead("another", 1, PositionVector.of(THERE))));
    }

    @Test
    void aReadWaitsForWhatIsOnItsWay() {
        CompletableFuture<ReadOutcome> read = read(ReadLevel.SESSION, GuardPolicy.DEFAULT);
        time.advance(30);
        watermark.advance(new Position(2, 8));
        assertFalse(read.isDone());
        watermark.advance(THERE);
        assertEquals("waited", read.join().label());
        assertEquals(30, read.join().waitedMillis());
        assertEquals(0, watermark.waiting());
        assertEquals(0, time.pending());
        assertEquals(List.of("waited"), told);
    }

    @Test
    void whoeverIsWokenByAWholeStateIsToldAllOfIt() {
        CompletableFuture<ReadOutcome> read = read(ReadLevel.SESSION, GuardPolicy.DEFAULT);
        PositionVector state = PositionVector.of(new Position(1, 4), new Position(2, 12), new Position(3, 5));
        watermark.advance(state);
        assertEquals(new ReadOutcome.Served(ReadOutcome.Path.WAITED, state, 0), read.join());
    }

    @Test
    void whatIsMissingIsFetchedAtOnce() {
        CompletableFuture<ReadOutcome> read = read(ReadLevel.SESSION, GuardPolicy.DEFAULT);
        assertEquals(List.of(PositionVector.of(THERE)), peers.asked);
        peers.pulled.complete(Origins.Pulled.of(PositionVector.of(THERE)));
        assertEquals("pulled", read.join().label());
    }

    /** A room shows what was fetched, and says so, before whoever fetched it hears that it is done. */
    @Test
    void whatTheViewHasFetchedIsPulledHoweverEarlyItShows() {
        CompletableFuture<ReadOutcome> read = read(ReadLevel.SESSION, GuardPolicy.DEFAULT);
        watermark.advance(PositionVector.of(THERE), PositionVector.of(THERE));
        assertEquals("pulled", read.join().label());
        peers.pulled.complete(Origins.Pulled.of(PositionVector.of(THERE)));
        assertEquals(List.of("pulled"), told);
        assertEquals(
                "local", read(ReadLevel.SESSION, GuardPolicy.DEFAULT).join().label(), "the next one finds it");
    }

    @Test
    void whatComesByItselfIsNotPulledBecauseSomethingElseWas() {
        SessionToken asks = ASKS.merge(SessionToken.ofRead("a", 7, PositionVector.of(new Position(3, 4))));
        watermark.advance(PositionVector.of(new Position(2, 8)), PositionVector.of(new Position(2, 8)));
        CompletableFuture<ReadOutcome> read = read(ReadLevel.SESSION, GuardPolicy.DEFAULT);
        CompletableFuture<ReadOutcome> both =
                guard.read(asks, ReadLevel.SESSION, GuardPolicy.DEFAULT).toCompletableFuture();
        watermark.advance(PositionVector.of(new Position(3, 9)), PositionVector.of(new Position(3, 9)));
        assertFalse(read.isDone());
        watermark.advance(THERE);
        assertEquals("waited", read.join().label(), "8 of this origin was fetched before it, 9 of another one");
        assertEquals("pulled", both.join().label(), "some of what it lacked");
        watermark.advance(PositionVector.of(new Position(2, 20)), PositionVector.of(THERE));
        CompletableFuture<ReadOutcome> later = guard.read(
                        SessionToken.ofRead("a", 7, PositionVector.of(new Position(2, 21))),
                        ReadLevel.SESSION,
                        GuardPolicy.DEFAULT)
                .toCompletableFuture();
        watermark.advance(new Position(2, 21));
        assertEquals("waited", later.join().label(), "what was here when it was fetched was not fetched");
    }

    @Test
    void aReadIsSentToWhoHasIt() {
        peers.holder = Optional.of("https://b.example");
        CompletableFuture<ReadOutcome> read = read(ReadLevel.SESSION, STALE);
        peers.pulled.complete(Origins.Pulled.NOTHING);
        time.advance(99);
        assertFalse(read.isDone());
        time.advance(1);
        assertEquals(new ReadOutcome.Redirected("https://b.example", 100), read.join());
    }

    @Test
    void aReadThatNothingHelpsFailsOrSaysThatItIsStale() {
        CompletableFuture<ReadOutcome> fails = read(ReadLevel.SESSION, GuardPolicy.DEFAULT);
        CompletableFuture<ReadOutcome> stale = read(ReadLevel.SESSION, STALE);
        time.advance(100);
        assertEquals(
                new ReadOutcome.Failed(
                        ReadFailure.SESSION_NOT_SATISFIED, PositionVector.of(THERE), PositionVector.EMPTY, 100),
                fails.join());
        assertEquals(
                new ReadOutcome.Stale(PositionVector.of(HERE), PositionVector.of(THERE), 4_000, 100), stale.join());
        assertEquals(0, watermark.waiting());
    }

    @Test
    void aWriteIsNeverAdmittedBeforeItsCauses() {
        CompletableFuture<ReadOutcome> write = guard.write(ASKS, STALE).toCompletableFuture();
        time.advance(100);
        assertEquals("session-not-satisfied", write.join().label());
    }

    @Test
    void anotherLifeOfTheDocumentIsNeverSatisfied() {
        SessionToken old = SessionToken.ofRead("a", 6, PositionVector.of(HERE));
        assertFalse(guard.isSatisfied(old));
        assertEquals(
                "epoch-changed",
                guard.read(old, ReadLevel.SESSION, STALE)
                        .toCompletableFuture()
                        .join()
                        .label());
    }

    @Test
    void whatIsLostIsSaidAtOnce() {
        CompletableFuture<ReadOutcome> read = read(ReadLevel.SESSION, STALE);
        PositionVector left = PositionVector.of(new Position(2, 5));
        peers.pulled.complete(new Origins.Pulled(PositionVector.EMPTY, PositionVector.of(THERE), left));
        ReadOutcome.Failed failed = assertInstanceOf(ReadOutcome.Failed.class, read.join());
        assertEquals(ReadFailure.SESSION_LOST_WRITES, failed.reason());
        assertEquals(left, failed.surviving());
    }

    @Test
    void eventualServesAnything() {
        assertEquals(
                "local", read(ReadLevel.EVENTUAL, GuardPolicy.DEFAULT).join().label());
    }

    @Test
    void aBoundOfStalenessWaitsForNews() {
        watermark.advance(THERE);
        ReadLevel level = ReadLevel.boundedStaleness(Duration.ofSeconds(2));
        CompletableFuture<ReadOutcome> read = read(level, GuardPolicy.DEFAULT);
        CompletableFuture<ReadOutcome> late = read(level, GuardPolicy.DEFAULT.withWaitBudget(Duration.ofMillis(10)));
        time.advance(10);
        assertEquals("too-stale", late.join().label());
        assertFalse(read.isDone());
        staleness = 2_000;
        watermark.recheck();
        assertEquals("waited", read.join().label());
        assertEquals("local", read(level, GuardPolicy.DEFAULT).join().label());
    }

    @Test
    void aSnapshotIsServedAtItsVersion() {
        PositionVector version = PositionVector.of(new Position(3, 2));
        CompletableFuture<ReadOutcome> read = read(ReadLevel.snapshot(version), STALE);
        watermark.advance(new Position(3, 4));
        assertEquals(
                version, assertInstanceOf(ReadOutcome.Served.class, read.join()).version());
    }

    @Test
    void aStrongReadShowsWhatAnyoneHadAdmitted() {
        CompletableFuture<ReadOutcome> read = read(ReadLevel.STRONG, STALE);
        peers.heads.complete(PositionVector.of(new Position(3, 4)));
        watermark.advance(THERE);
        assertFalse(read.isDone());
        watermark.advance(new Position(3, 4));
        assertEquals("waited", read.join().label());
    }

    @Test
    void aStrongReadFailsWhileSomeoneCannotBeAsked() {
        CompletableFuture<ReadOutcome> silent = read(ReadLevel.STRONG, STALE);
        time.advance(100);
        assertEquals("origins-unreachable", silent.join().label());
        peers.heads.completeExceptionally(new IllegalStateException("cut"));
        assertEquals("origins-unreachable", read(ReadLevel.STRONG, STALE).join().label());
    }

    @Test
    void moreThanMayWaitAreTurnedAway() {
        for (int i = 0; i < 3; i++) {
            assertFalse(read(ReadLevel.SESSION, GuardPolicy.DEFAULT).isDone());
        }
        assertEquals(
                "overloaded",
                read(ReadLevel.SESSION, GuardPolicy.DEFAULT).join().label());
        assertEquals("stale", read(ReadLevel.SESSION, STALE).join().label());
        watermark.advance(THERE);
        assertEquals(0, watermark.waiting());
        assertEquals(0, time.pending());
    }

    /** 10,000 reads wait; 10,000 advances that none of them waits for must not look at each of them. */
    @Test
    void anAdvanceLooksOnlyAtThoseItReaches() {
        Watermark crowded = new Watermark();
        int[] woken = {0};
        List<Subscription> places = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            PositionVector needs = PositionVector.of(new Position(1, 10_000 + i), new Position(2, 1));
            places.add(crowded.whenReached(needs, () -> woken[0]++).orElseThrow());
        }
        long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        for (int i = 1; i < 10_000; i++) {
            crowded.advance(new Position(1, i));
        }
        long taken = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
        assertTrue(taken < 2_000_000_000L, taken / 1_000_000 + " ms of processor time");
        assertEquals(0, woken[0]);
        crowded.advance(new Position(1, 14_999));
        assertEquals(0, woken[0], "they need the other origin too");
        crowded.advance(new Position(2, 1));
        assertEquals(5_000, woken[0]);
        places.forEach(Subscription::close);
        assertEquals(0, crowded.waiting());
    }

    @Test
    void aProjectionSaysWhenItShowsAToken() {
        Projection index = new Projection(10, 10, time);
        SessionToken both = ASKS.merge(SessionToken.ofWrite("b", 1, HERE));
        CompletableFuture<Boolean> visible =
                index.awaitVisible(both, Duration.ofSeconds(1)).toCompletableFuture();
        index.applied("a", 7, PositionVector.of(THERE));
        assertFalse(visible.isDone());
        index.applied("b", 1, PositionVector.of(HERE));
        assertTrue(visible.join());
        assertEquals(PositionVector.of(THERE), index.shown("a", 7));
        assertEquals(PositionVector.EMPTY, index.shown("a", 8));
        assertFalse(index.awaitVisible(SessionToken.ofWrite("b", 2, HERE), Duration.ofSeconds(1))
                .toCompletableFuture()
                .join());
        CompletableFuture<Boolean> never = index.awaitVisible(SessionToken.ofWrite("c", 1, HERE), Duration.ofSeconds(1))
                .toCompletableFuture();
        time.advance(1_000);
        assertFalse(never.join());
        assertEquals(0, time.pending());
    }

    @Test
    void inventedDocumentsDoNotPushOutRealOnes() {
        Projection index = new Projection(2, 10, time);
        index.applied("a", 7, PositionVector.of(THERE));
        for (int i = 0; i < 50; i++) {
            index.awaitVisible(SessionToken.ofWrite("x" + i, 1, HERE), Duration.ofMillis(1));
        }
        assertEquals(PositionVector.of(THERE), index.shown("a", 7));
        time.advance(1);
        index.applied("x49", 1, PositionVector.of(HERE));
        index.applied("x50", 1, PositionVector.of(HERE));
        assertEquals(PositionVector.EMPTY, index.shown("a", 7), "the one longest out of use is forgotten");
    }
}
