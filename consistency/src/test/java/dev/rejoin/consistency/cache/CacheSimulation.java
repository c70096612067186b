package dev.rejoin.consistency.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.consistency.session.VirtualTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * One document whose log grows, an event stream that delays, repeats, reorders and loses, loaders that read replicas that are behind, and readers
 * with tokens. Every load, event and read may finish in any order.
 */
class CacheSimulation {
    private static final int SEEDS = Integer.getInteger("rejoin.seeds", 2_000);

    @Test
    void joinedValuesShowWhatTheyClaimAndWhatWasAskedFor() {
        assertEquals(0, each(true, false));
    }

    @Test
    void renderedValuesShowWhatTheyClaimAndWhatWasAskedFor() {
        assertEquals(0, each(false, false));
    }

    /** The cache that everybody writes first. */
    @Test
    void aCacheEmptiedByEventsStaysStaleForEver() {
        int stale = each(false, true);
        assertTrue(stale > SEEDS / 50, "only " + stale + " of " + SEEDS);
    }

    private int each(boolean joins, boolean naive) {
        int stale = 0;
        long first = Long.getLong("rejoin.seed", System.nanoTime());
        for (long seed = first; seed < first + SEEDS; seed++) {
            try {
                stale += new World(new Random(seed), joins, naive).run() ? 0 : 1;
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError(
                        "replay: mvn -pl consistency -am test -Dtest=CacheSimulation -Dsurefire.failIfNoSpecifiedTests=false "
                                + "-DargLine=\"-Drejoin.seed=" + seed + " -Drejoin.seeds=1\"",
                        failure);
            }
        }
        return stale;
    }

    private static final class World {
        final Random random;
        final boolean joins;
        final boolean naive;
        final VirtualTime time = new VirtualTime(0);
        final CrdtCache<String, Set<Integer>> cache;
        final Map<String, Loaded<Set<Integer>>> plain = new HashMap<>();
        final List<Runnable> underWay = new ArrayList<>();
        final ArrayDeque<Integer> stream = new ArrayDeque<>();
        int written;
        boolean calm;

        World(Random random, boolean joins, boolean naive) {
            this.random = random;
            this.joins = joins;
            this.naive = naive;
            CachePolicy policy = new CachePolicy(
                    Duration.ofHours(1), 0, Duration.ZERO, 1 + random.nextInt(3), 2, Duration.ofHours(1));
            cache = joins
                    ? CrdtCache.joining(CrdtCacheTest::union, key -> key, this::load, policy, time, time, random)
                    : CrdtCache.rendering(key -> key, this::load, policy, time, time, random);
        }

        CompletableFuture<Loaded<Set<Integer>>> load(String key, PositionVector atLeast) {
            int shown = calm ? written : Math.max(0, written - random.nextInt(3));
            Loaded<Set<Integer>> state = CrdtCacheTest.state(shown);
            CompletableFuture<Loaded<Set<Integer>>> load = new CompletableFuture<>();
            underWay.add(() -> load.complete(state));
            return load;
        }

        void naiveRead() {
            if (!plain.containsKey("a")) {
                Loaded<Set<Integer>> state = CrdtCacheTest.state(written);
                underWay.add(() -> plain.put("a", state));
            }
        }

        void event(int n) {
            plain.remove("a");
            if (joins) {
                cache.changed("a", CrdtCacheTest.entry(n), Set.of(n));
            } else {
                cache.changed("a", CrdtCacheTest.entry(n));
            }
        }

        void read(SessionToken token, int atLeast) {
            cache.get("a", token).thenAccept(cached -> {
                Set<Integer> claimed = new TreeSet<>();
                for (int i = 1; i <= cached.version().sequence(1); i++) {
                    claimed.add(i);
                }
                boolean shows = cached.value().containsAll(claimed);
                boolean satisfies = cached.version().sequence(1) >= atLeast || cached.served() == Cached.Served.BEHIND;
                if (!shows || !satisfies) {
                    broken = cached + " for " + atLeast;
                }
            });
        }

        String broken = "";

        /** Whether a read in the end shows the newest. */
        boolean run() {
            for (int step = 0; step < 40; step++) {
                int dice = random.nextInt(12);
                if (dice < 3) {
                    stream.add(++written);
                } else if (dice < 6 && !stream.isEmpty()) {
                    int n = random.nextInt(4) == 0 ? stream.peekLast() : stream.peekFirst();
                    if (random.nextInt(5) != 0) {
                        event(n);
                    }
                    if (random.nextInt(5) != 0) {
                        stream.remove(n);
                    }
                } else if (dice < 9) {
                    int seen = random.nextInt(written + 1);
                    read(SessionToken.ofRead("a", 3, PositionVector.of(new Position(1, seen))), seen);
                    if (naive) {
                        naiveRead();
                    }
                } else if (dice < 11 && !underWay.isEmpty()) {
                    underWay.remove(random.nextInt(underWay.size())).run();
                } else {
                    cache.get("other" + random.nextInt(5));
                    cache.changed("other" + random.nextInt(5), CrdtCacheTest.entry(1));
                }
            }
            calm = true;
            event(Math.max(1, written)); // the stream has caught up
            while (!underWay.isEmpty()) {
                underWay.remove(0).run();
            }
            written = Math.max(1, written);
            assertEquals("", broken);
            if (naive) {
                naiveRead();
                while (!underWay.isEmpty()) {
                    underWay.remove(0).run();
                }
                return plain.get("a").version().sequence(1) >= written;
            }
            CompletableFuture<Cached<Set<Integer>>> last = cache.get("a").toCompletableFuture();
            while (!underWay.isEmpty()) {
                underWay.remove(0).run();
            }
            return last.join().value().contains(written);
        }
    }
}
