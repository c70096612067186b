package dev.rejoin.consistency.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.consistency.session.Timers;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.clock.TimeSource;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A cache that knows which version each value shows. Four ways to keep it right, to be combined:
 *
 * <ol>
 *   <li><em>time to live</em>, with jitter, and the old value while the new one is loaded ({@link CachePolicy});
 *   <li><em>write-through</em>: {@link #write};
 *   <li><em>events</em>: {@link #changed(Object, ChangeRange, Object)} joins a change into the entry instead of emptying it, {@link
 *       #changed(Object, ChangeRange)} raises the entry's floor, for values that are rendered from a document and cannot be joined;
 *   <li><em>versioned keys</em>: {@link VersionedKey}, for which nothing ever has to be invalidated.
 * </ol>
 *
 * <p>{@link #get(Object, SessionToken)} is a hit only if the entry shows what the session has seen.
 *
 * <p>Thread-safe. Loads run where the loader runs them, one at a time for each key.
 */
public final class CrdtCache<K, V> {
    /*
     * Why no stale value stays
     * ------------------------
     * The race of every cache that is emptied by events: a load reads version 3, the event of version 4 empties the entry, and then the load puts
     * version 3 in, where it stays. Here each key has a floor besides its entry, the versions that are known to exist, raised by events and
     * by writes. An entry below its floor is not a hit, and a value below its floor is not kept. So it does not matter in which order load and
     * event finish, nor that a loader asks a replica that is behind the stream of events.
     *
     * A value that can be joined is never refused: it is joined, and the version with it. A change moves the version of an entry only if the
     * entry held everything before the change; after a gap the change is joined all the same, but only the floor rises, and the next call
     * loads.
     *
     * Floors are bounded, and so are entries. When one is dropped to make room, a load that had begun before could bring back what it stood
     * against: such loads give their value out and do not keep it (`dropped`, by stripes of keys).
     */
    private static final int STRIPES = 256;

    private final @Nullable Lattice<V> lattice;
    private final Function<K, String> document;
    private final Loader<K, V> loader;
    private final CachePolicy policy;
    private final Timers timers;
    private final TimeSource time;
    private final RandomGenerator random;
    private final Cache<K, Entry<V>> entries;
    private final Cache<K, Floor> floors;
    private final ConcurrentHashMap<K, CompletableFuture<Loaded<V>>> flights = new ConcurrentHashMap<>();
    private final Stripe[] stripes = new Stripe[STRIPES];
    private final LongAdder hits = new LongAdder();
    private final LongAdder loads = new LongAdder();
    private final LongAdder shared = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder behind = new LongAdder();

    private record Entry<V>(V value, long epoch, PositionVector version, long freshUntil, long keptUntil) {
        Cached<V> as(Cached.Served served, PositionVector missing) {
            return new Cached<>(value, epoch, version, served, missing);
        }

        Entry<V> with(V joined, PositionVector raised) {
            return new Entry<>(joined, epoch, raised, freshUntil, keptUntil);
        }
    }

    /** What is known to exist. */
    private record Floor(long epoch, PositionVector version) {}

    /** The lock of some keys, and how often one of them was dropped. */
    private static final class Stripe {
        final AtomicLong dropped = new AtomicLong();
    }

    private CrdtCache(
            @Nullable Lattice<V> lattice,
            Function<K, String> document,
            Loader<K, V> loader,
            CachePolicy policy,
            Timers timers,
            TimeSource time,
            RandomGenerator random) {
        this.lattice = lattice;
        this.document = document;
        this.loader = loader;
        this.policy = policy;
        this.timers = timers;
        this.time = time;
        this.random = random;
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new Stripe();
        }
        entries = Caffeine.newBuilder()
                .maximumSize(policy.maxEntries())
                .executor(Runnable::run)
                .ticker(() -> time.millis() * 1_000_000)
                .expireAfter(Expiry.<K, Entry<V>>writing(
                        (key, entry) -> Duration.ofMillis(Math.max(0, entry.keptUntil - time.millis()))))
                .<K, Entry<V>>evictionListener((key, entry, cause) -> dropped(key))
                .build();
        floors = Caffeine.newBuilder()
                .maximumSize(policy.maxFloors())
                .executor(Runnable::run)
                .<K, Floor>evictionListener((key, floor, cause) -> dropped(key))
                .build();
    }

    /**
     * A cache of values that are joined: states of replicated types.
     *
     * @param document the name of the document that a key's value is of, for {@link #get(Object, SessionToken)}
     * @param random for the jitter
     */
    public static <K, V> CrdtCache<K, V> joining(
            Lattice<V> lattice,
            Function<K, String> document,
            Loader<K, V> loader,
            CachePolicy policy,
            Timers timers,
            TimeSource time,
            RandomGenerator random) {
        return new CrdtCache<>(lattice, document, loader, policy, timers, time, random);
    }

    /** A cache of values that are rendered from a document, such as JSON or a page, and replaced as a whole. */
    public static <K, V> CrdtCache<K, V> rendering(
            Function<K, String> document,
            Loader<K, V> loader,
            CachePolicy policy,
            Timers timers,
            TimeSource time,
            RandomGenerator random) {
        return new CrdtCache<>(null, document, loader, policy, timers, time, random);
    }

    private Stripe stripe(K key) {
        int hash = key.hashCode();
        return stripes[(hash ^ hash >>> 16) & STRIPES - 1];
    }

    /** May run under the lock of any stripe, so it takes none. */
    private void dropped(@Nullable K key) {
        if (key != null) {
            stripe(key).dropped.incrementAndGet();
        }
    }

    /** The value, whatever it shows, but nothing below what events have told of. Completes exceptionally as the loader does. */
    public CompletionStage<Cached<V>> get(K key) {
        return get(key, SessionToken.EMPTY);
    }

    /** The value, showing what this session has seen of the document. Completes exceptionally as the loader does. */
    public CompletionStage<Cached<V>> get(K key, SessionToken token) {
        Entry<V> entry = entries.getIfPresent(key);
        if (entry != null && shows(key, entry, token)) {
            hits.increment();
            if (time.millis() <= entry.freshUntil) {
                return CompletableFuture.completedFuture(entry.as(Cached.Served.HIT, PositionVector.EMPTY));
            }
            flight(key, entry.version, new boolean[1]);
            return CompletableFuture.completedFuture(entry.as(Cached.Served.REVALIDATING, PositionVector.EMPTY));
        }
        return load(key, token, true);
    }

    private boolean shows(K key, Entry<V> entry, SessionToken token) {
        Floor floor = floors.getIfPresent(key);
        return (floor == null || floor.epoch == entry.epoch && entry.version.includes(floor.version))
                && (token.isEmpty()
                        || !token.knowsOtherEpoch(document.apply(key), entry.epoch)
                                && entry.version.includes(asked(key, token, entry.epoch)));
    }

    private PositionVector asked(K key, SessionToken token, long epoch) {
        String name = document.apply(key);
        return token.reads(name, epoch).union(token.writes(name, epoch));
    }

    /** One load; a second one if the first was under way already and may have begun too early. */
    private CompletionStage<Cached<V>> load(K key, SessionToken token, boolean again) {
        Floor floor = floors.getIfPresent(key);
        Entry<V> entry = entries.getIfPresent(key);
        PositionVector atLeast = PositionVector.EMPTY;
        if (floor != null) {
            atLeast = floor.version.union(asked(key, token, floor.epoch));
        } else if (entry != null) {
            atLeast = asked(key, token, entry.epoch);
        }
        boolean[] begun = {false};
        return flight(key, atLeast, begun).thenCompose(loaded -> {
            Entry<V> kept = entries.getIfPresent(key);
            Entry<V> best = kept != null && kept.epoch == loaded.epoch() && kept.version.includes(loaded.version())
                    ? kept
                    : entry(loaded);
            if (shows(key, best, token)) {
                return CompletableFuture.completedFuture(best.as(Cached.Served.LOADED, PositionVector.EMPTY));
            }
            if (again && !begun[0]) {
                return load(key, token, false);
            }
            behind.increment();
            if (token.knowsOtherEpoch(document.apply(key), best.epoch)) {
                return CompletableFuture.completedFuture(best.as(Cached.Served.EPOCH_CHANGED, PositionVector.EMPTY));
            }
            Floor known = floors.getIfPresent(key);
            PositionVector wanted = known == null || known.epoch != best.epoch ? PositionVector.EMPTY : known.version;
            PositionVector missing = wanted.union(asked(key, token, best.epoch)).beyond(best.version);
            return CompletableFuture.completedFuture(best.as(Cached.Served.BEHIND, missing));
        });
    }

    private Entry<V> entry(Loaded<V> loaded) {
        long ttl = policy.ttl().toMillis();
        long shortened;
        synchronized (random) {
            shortened = (long) (ttl * policy.jitter() * random.nextDouble());
        }
        long freshUntil = time.millis() + ttl - shortened;
        long keptUntil = freshUntil + policy.staleWhileRevalidate().toMillis();
        return new Entry<>(loaded.value(), loaded.epoch(), loaded.version(), freshUntil, keptUntil);
    }

    /** The load that is under way, or a new one; then {@code begun} is set. */
    private CompletableFuture<Loaded<V>> flight(K key, PositionVector atLeast, boolean[] begun) {
        CompletableFuture<Loaded<V>> flight = new CompletableFuture<>();
        CompletableFuture<Loaded<V>> under = flights.putIfAbsent(key, flight);
        if (under != null) {
            shared.increment();
            return under;
        }
        begun[0] = true;
        loads.increment();
        long droppedBefore = stripe(key).dropped.get();
        Subscription timer = timers.after(
                policy.loadTimeout().toMillis(),
                () -> land(key, flight, null, new TimeoutException("load of " + key), -1));
        flight.whenComplete((loaded, failure) -> timer.close());
        CompletionStage<Loaded<V>> answer;
        try {
            answer = loader.load(key, atLeast);
        } catch (RuntimeException failure) {
            answer = CompletableFuture.failedFuture(failure);
        }
        answer.whenComplete((loaded, failure) -> land(key, flight, loaded, failure, droppedBefore));
        return flight;
    }

    private void land(
            K key,
            CompletableFuture<Loaded<V>> flight,
            @Nullable Loaded<V> loaded,
            @Nullable Throwable failure,
            long droppedBefore) {
        if (!flights.remove(key, flight)) {
            return; // too late
        }
        if (loaded == null) {
            flight.completeExceptionally(failure == null ? new NullPointerException("loader of " + key) : failure);
            return;
        }
        fill(key, loaded, droppedBefore);
        flight.complete(loaded);
    }

    private void fill(K key, Loaded<V> loaded, long droppedBefore) {
        Stripe stripe = stripe(key);
        synchronized (stripe) {
            Floor floor = floors.getIfPresent(key);
            Entry<V> present = entries.getIfPresent(key);
            boolean isForeign = floor != null && floor.epoch != loaded.epoch();
            boolean isLow = floor != null && !loaded.version().includes(floor.version);
            boolean isOlder = present != null
                    && present.epoch == loaded.epoch()
                    && !loaded.version().includes(present.version);
            if (isForeign || stripe.dropped.get() != droppedBefore || lattice == null && (isLow || isOlder)) {
                refused.increment();
                return;
            }
            Entry<V> filled = entry(loaded);
            if (lattice != null && present != null && present.epoch == loaded.epoch()) {
                filled = filled.with(
                        lattice.join(present.value, loaded.value()), present.version.union(loaded.version()));
            }
            entries.put(key, filled);
        }
    }

    /** An event says that there is this change. What is below it is not given out any more. O(origins) */
    public void changed(K key, ChangeRange change) {
        synchronized (stripe(key)) {
            raise(key, change);
        }
    }

    /**
     * An event brings this change: it is joined into the entry, if there is one.
     *
     * @throws IllegalStateException if the values of this cache cannot be joined
     */
    public void changed(K key, ChangeRange change, V delta) {
        Lattice<V> joins = lattice;
        if (joins == null) {
            throw new IllegalStateException("rendered values are not joined; tell of the change without it");
        }
        synchronized (stripe(key)) {
            Entry<V> entry = entries.getIfPresent(key);
            if (entry != null && entry.epoch == change.epoch()) {
                boolean hasGap = entry.version.sequence(change.origin()) < change.after();
                PositionVector version = hasGap ? entry.version : entry.version.with(change.position());
                entries.put(key, entry.with(joins.join(entry.value, delta), version));
            }
            raise(key, change);
        }
    }

    private void raise(K key, ChangeRange change) {
        Floor floor = floors.getIfPresent(key);
        if (floor == null) {
            Entry<V> entry = entries.getIfPresent(key);
            if (entry != null && entry.epoch != change.epoch()) {
                return; // of another life; only retire() decides which one is
            }
            floors.put(key, new Floor(change.epoch(), PositionVector.of(change.position())));
        } else if (floor.epoch == change.epoch()) {
            floors.put(key, new Floor(floor.epoch, floor.version.with(change.position())));
        }
    }

    /**
     * The document of this key now lives in this epoch, because it was created anew or restored: what is cached of another one is not given out
     * any more. Until this is said, values of the new life are given out as {@link Cached.Served#BEHIND} where events have told of the old one.
     */
    public void retire(K key, long epoch) {
        synchronized (stripe(key)) {
            Floor floor = floors.getIfPresent(key);
            if (floor == null || floor.epoch != epoch) {
                floors.put(key, new Floor(epoch, PositionVector.EMPTY));
            }
        }
    }

    /**
     * Writes, and once the write is admitted lets the cache show it: joined into the entry, or, for rendered values, loaded at the next call.
     *
     * @return the token of the write, for the session; exceptionally as the writer
     */
    public CompletionStage<SessionToken> write(K key, V delta, Writer<K, V> writer) {
        return writer.write(key, delta).thenApply(change -> {
            if (lattice == null) {
                changed(key, change);
            } else {
                changed(key, change, delta);
            }
            return SessionToken.ofWrite(document.apply(key), change.epoch(), change.position());
        });
    }

    /** What the entry of this key shows; empty if there is none. */
    public PositionVector version(K key) {
        Entry<V> entry = entries.getIfPresent(key);
        return entry == null ? PositionVector.EMPTY : entry.version;
    }

    /** What this cache has done. */
    public CacheCounts counts() {
        return new CacheCounts(hits.sum(), loads.sum(), shared.sum(), refused.sum(), behind.sum());
    }
}
