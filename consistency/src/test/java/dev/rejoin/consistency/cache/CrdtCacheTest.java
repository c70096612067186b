package dev.rejoin.consistency.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.consistency.session.VirtualTime;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.GCounter;
import dev.rejoin.crdt.clock.ReplicaId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class CrdtCacheTest {
    private static final long EPOCH = 3;
    private static final long ORIGIN = 1;

    private final VirtualTime time = new VirtualTime(1_000_000);
    private final List<PositionVector> asked = new ArrayList<>();
    private final List<CompletableFuture<Loaded<Set<Integer>>>> loading = new ArrayList<>();
    private static final CachePolicy POLICY =
            CachePolicy.DEFAULT.withTtl(Duration.ofSeconds(60), 0, Duration.ofSeconds(10));

    private final CrdtCache<String, Set<Integer>> joining =
            CrdtCache.joining(CrdtCacheTest::union, key -> key, this::load, POLICY, time, time, new Random(1));
    private final CrdtCache<String, Set<Integer>> rendering =
            CrdtCache.rendering(key -> key, this::load, POLICY, time, time, new Random(1));

    static Set<Integer> union(Set<Integer> held, Set<Integer> news) {
        Set<Integer> union = new TreeSet<>(held);
        union.addAll(news);
        return union;
    }

    private CompletableFuture<Loaded<Set<Integer>>> load(String key, PositionVector atLeast) {
        asked.add(atLeast);
        CompletableFuture<Loaded<Set<Integer>>> load = new CompletableFuture<>();
        loading.add(load);
        return load;
    }

    /** The state after the first {@code n} entries: each adds its number. */
    static Loaded<Set<Integer>> state(int n) {
        Set<Integer> numbers = new TreeSet<>();
        for (int i = 1; i <= n; i++) {
            numbers.add(i);
        }
        return new Loaded<>(numbers, EPOCH, through(n));
    }

    static PositionVector through(int n) {
        return PositionVector.of(new Position(ORIGIN, n));
    }

    static ChangeRange entry(int n) {
        return new ChangeRange(EPOCH, ORIGIN, n - 1, n);
    }

    private void loaded(int index, int n) {
        loading.get(index).complete(state(n));
    }

    private static Cached<Set<Integer>> now(java.util.concurrent.CompletionStage<Cached<Set<Integer>>> stage) {
        return stage.toCompletableFuture().getNow(null);
    }

    @Test
    void aChangeIsJoinedIntoTheEntryInsteadOfEmptyingIt() {
        joining.get("a");
        loaded(0, 2);
        joining.changed("a", entry(3), Set.of(3));
        Cached<Set<Integer>> cached = now(joining.get("a"));
        assertEquals(Set.of(1, 2, 3), cached.value());
        assertEquals(through(3), cached.version());
        assertEquals(Cached.Served.HIT, cached.served());
        assertEquals(1, loading.size());
    }

    @Test
    void afterAGapInTheEventsTheEntryDoesNotClaimWhatItLacks() {
        joining.get("a");
        loaded(0, 2);
        joining.changed("a", entry(4), Set.of(4));
        assertEquals(through(2), joining.version("a"));
        assertFalse(joining.get("a").toCompletableFuture().isDone(), "no hit below what is known to exist");
        assertEquals(through(4), asked.get(1));
        loaded(1, 4);
        assertEquals(Set.of(1, 2, 3, 4), now(joining.get("a")).value());
    }

    @Test
    void eventsInAnyOrderAnyNumberOfTimesDoNoHarm() {
        joining.get("a");
        loaded(0, 1);
        for (int n : new int[] {2, 2, 1, 3, 2}) {
            joining.changed("a", entry(n), Set.of(n));
        }
        assertEquals(Set.of(1, 2, 3), now(joining.get("a")).value());
    }

    /** The race of Guava's and of many other caches. */
    @Test
    void aStaleFillIsRefusedByTheFloor() {
        CompletableFuture<Cached<Set<Integer>>> first = rendering.get("a").toCompletableFuture();
        rendering.changed("a", entry(2)); // while version 1 is being loaded
        loaded(0, 1);
        assertEquals(Cached.Served.BEHIND, first.join().served());
        assertEquals(through(2), first.join().missing());
        assertEquals(PositionVector.EMPTY, rendering.version("a"), "it is not kept");
        CompletableFuture<Cached<Set<Integer>>> second = rendering.get("a").toCompletableFuture();
        loaded(1, 2);
        assertEquals(Cached.Served.LOADED, second.join().served());
        assertEquals(Cached.Served.HIT, now(rendering.get("a")).served());
        assertEquals(1, rendering.counts().refusedFills());
    }

    /** The same with a map that is emptied by events: version 1 stays for ever. */
    @Test
    void aCacheEmptiedByEventsKeepsAStaleFill() {
        java.util.Map<String, Loaded<Set<Integer>>> naive = new java.util.HashMap<>();
        Loaded<Set<Integer>> underWay = state(1);
        naive.remove("a"); // the event of version 2
        naive.putIfAbsent("a", underWay);
        assertEquals(through(1), naive.get("a").version());
    }

    @Test
    void aLoaderThatReadsAReplicaBehindTheEventsDoesNotFill() {
        rendering.changed("a", entry(5));
        rendering.get("a");
        assertEquals(through(5), asked.get(0));
        loaded(0, 4);
        assertEquals(PositionVector.EMPTY, rendering.version("a"));
    }

    @Test
    void aHitShowsWhatTheSessionHasSeenOrIsNone() {
        rendering.get("a");
        loaded(0, 2);
        assertEquals(
                Cached.Served.HIT,
                now(rendering.get("a", SessionToken.ofRead("a", EPOCH, through(2))))
                        .served());
        SessionToken newer = SessionToken.ofWrite("a", EPOCH, new Position(ORIGIN, 3));
        CompletableFuture<Cached<Set<Integer>>> read = rendering.get("a", newer).toCompletableFuture();
        assertFalse(read.isDone());
        loaded(1, 2); // a replica that is behind
        assertEquals(Cached.Served.BEHIND, read.join().served());
        assertEquals(through(3), read.join().missing());
        assertEquals(1, rendering.counts().behind());
    }

    @Test
    void aLoadThatBeganTooEarlyIsFollowedByAnother() {
        rendering.get("a");
        SessionToken newer = SessionToken.ofWrite("a", EPOCH, new Position(ORIGIN, 3));
        CompletableFuture<Cached<Set<Integer>>> read = rendering.get("a", newer).toCompletableFuture();
        assertEquals(1, loading.size());
        loaded(0, 2);
        assertEquals(2, loading.size());
        loaded(1, 3);
        assertEquals(Cached.Served.LOADED, read.join().served());
    }

    @Test
    void anotherLifeOfTheDocumentIsNoHit() {
        rendering.get("a");
        loaded(0, 2);
        SessionToken other = SessionToken.ofRead("a", 99, through(1));
        CompletableFuture<Cached<Set<Integer>>> read = rendering.get("a", other).toCompletableFuture();
        loaded(1, 2);
        assertEquals(Cached.Served.EPOCH_CHANGED, read.join().served());
        rendering.retire("a", 99);
        CompletableFuture<Cached<Set<Integer>>> fresh =
                rendering.get("a", other).toCompletableFuture();
        loading.get(2).complete(new Loaded<>(Set.of(), 99, through(1)));
        assertEquals(99, fresh.join().epoch());
        assertEquals(Cached.Served.HIT, now(rendering.get("a", other)).served());
    }

    @Test
    void theOldValueIsGivenOutWhileOneCallLoadsTheNewOne() {
        rendering.get("a");
        loaded(0, 1);
        time.advance(60_001);
        assertEquals(Cached.Served.REVALIDATING, now(rendering.get("a")).served());
        assertEquals(Cached.Served.REVALIDATING, now(rendering.get("a")).served());
        assertEquals(2, loading.size());
        loaded(1, 1);
        assertEquals(Cached.Served.HIT, now(rendering.get("a")).served());
        time.advance(70_001);
        assertFalse(rendering.get("a").toCompletableFuture().isDone());
    }

    @Test
    void whatWasLoadedTogetherDoesNotExpireTogether() {
        CachePolicy jittered = CachePolicy.DEFAULT.withTtl(Duration.ofSeconds(100), 0.5, Duration.ZERO);
        CrdtCache<String, Set<Integer>> cache = CrdtCache.rendering(
                key -> key,
                (key, atLeast) -> CompletableFuture.completedFuture(state(1)),
                jittered,
                time,
                time,
                new Random(5));
        for (int i = 0; i < 1_000; i++) {
            cache.get("k" + i);
        }
        time.advance(75_000);
        for (int i = 0; i < 1_000; i++) {
            cache.get("k" + i);
        }
        long again = cache.counts().loads() - 1_000;
        assertTrue(again > 400 && again < 600, again + " of 1,000 expired after three quarters of the time");
    }

    @Test
    void aThousandMissesAtOnceAreOneLoad() throws Exception {
        CompletableFuture<Loaded<Set<Integer>>> slow = new CompletableFuture<>();
        CrdtCache<String, Set<Integer>> cache = CrdtCache.rendering(
                key -> key, (key, atLeast) -> slow, POLICY, (millis, task) -> () -> {}, time, new Random(1));
        ExecutorService threads = Executors.newFixedThreadPool(8);
        CountDownLatch done = new CountDownLatch(1_000);
        List<CompletableFuture<Cached<Set<Integer>>>> reads = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 1_000; i++) {
            threads.execute(() -> {
                reads.add(cache.get("a").toCompletableFuture());
                done.countDown();
            });
        }
        done.await();
        slow.complete(state(1));
        threads.shutdown();
        assertEquals(1, cache.counts().loads());
        reads.forEach(read -> assertEquals(Set.of(1), read.join().value()));
    }

    @Test
    void aLoadThatNeverAnswersIsGivenUpAndTheNextCallLoads() {
        CompletableFuture<Cached<Set<Integer>>> read = rendering.get("a").toCompletableFuture();
        time.advance(10_000);
        assertThrows(CompletionException.class, read::join);
        rendering.get("a");
        assertEquals(2, loading.size());
        loaded(0, 1); // too late
        assertEquals(PositionVector.EMPTY, rendering.version("a"));
        loaded(1, 1);
        assertEquals(through(1), rendering.version("a"));
        assertEquals(0, time.pending());
    }

    @Test
    void aLoadUnderWayIsNotKeptWhenItsFloorWasDroppedForWantOfRoom() {
        CachePolicy tight = new CachePolicy(Duration.ofMinutes(1), 0, Duration.ZERO, 1_000, 1, Duration.ofSeconds(10));
        CrdtCache<String, Set<Integer>> cache =
                CrdtCache.rendering(key -> key, this::load, tight, time, time, new Random(1));
        cache.get("a");
        cache.changed("a", entry(2));
        for (int i = 0; i < 100; i++) {
            cache.changed("other" + i, entry(1));
        }
        loaded(0, 1);
        assertEquals(PositionVector.EMPTY, cache.version("a"));
    }

    @Test
    void aWriteShowsInTheCacheAndItsTokenIsAHit() {
        joining.get("a");
        loaded(0, 2);
        SessionToken token = joining.write("a", Set.of(3), (key, delta) -> CompletableFuture.completedFuture(entry(3)))
                .toCompletableFuture()
                .join();
        assertEquals(Set.of(1, 2, 3), now(joining.get("a", token)).value());
        rendering.get("a");
        loaded(1, 2);
        rendering.write("a", Set.of(3), (key, delta) -> CompletableFuture.completedFuture(entry(3)));
        assertFalse(rendering.get("a").toCompletableFuture().isDone(), "what was rendered before the write is no hit");
        assertThrows(IllegalStateException.class, () -> rendering.changed("a", entry(3), Set.of(3)));
    }

    @Test
    void statesOfTheTypesJoin() {
        GCounter counter = GCounter.standalone(ReplicaId.of(1));
        counter.increment(2);
        Delta before = counter.state();
        Delta joined = Lattice.deltas().join(before, counter.increment(3));
        GCounter read = GCounter.standalone(ReplicaId.of(2));
        read.merge(joined);
        assertEquals(5, read.value());
    }

    @Test
    void versionedKeysDifferByEverythingThatMatters() {
        VersionedKey key = new VersionedKey("a", EPOCH, through(1));
        assertEquals(key.text(), new VersionedKey("a", EPOCH, through(1)).text());
        assertNotEquals(key.text(), new VersionedKey("a", EPOCH, through(2)).text());
        assertNotEquals(key.text(), new VersionedKey("a", 4, through(1)).text());
        assertTrue(key.text().matches("a@0000000000000003\\.[A-Za-z0-9_-]{22}"), key.text());
        assertTrue(key.etag().startsWith("\"0000000000000003."));
    }
}
