package dev.rejoin.consistency.session;

import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.clock.TimeSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Stands in front of one view of one document in one life, and decides for each read whether the view may answer: serve → wait → pull →
 * redirect → fail, or a <em>declared</em> stale answer. Never a stale answer that looks fresh.
 *
 * <p>Waiting is driven by {@link Watermark#advance}; no thread is held, nothing polls, and a read that waits costs a queue entry and a timer.
 * Thread-safe. A read that can be served at once costs a lookup in the token and a comparison of two vectors ({@code SessionTokenBenchmark}).
 *
 * <p>The view must answer from what it shows when, or after, the stage completes. On one thread, or from a snapshot taken after, that is so
 * by itself. The token of the answer must name everything that the answer shows: if the view has gone on, or shows more than its watermark
 * says, that is {@link #answer} of the version of the snapshot. A session whose token says less may read less from the next server.
 */
public final class SessionGuard {
    private final String document;
    private final int key;
    private final long epoch;
    private final Watermark watermark;
    private final Freshness freshness;
    private final Origins origins;
    private final Timers timers;
    private final TimeSource time;
    private final Consumer<ReadOutcome> observer;

    /**
     * A guard.
     *
     * @param epoch the life of the document that the view shows; a new life takes a new guard
     * @param freshness for {@link ReadLevel.BoundedStaleness}
     * @param time for how long reads have waited; steps of the clock shift what is reported, never what is decided
     * @param observer told of every outcome, for metrics; must not throw
     */
    public SessionGuard(
            String document,
            long epoch,
            Watermark watermark,
            Freshness freshness,
            Origins origins,
            Timers timers,
            TimeSource time,
            Consumer<ReadOutcome> observer) {
        this.document = document;
        this.key = SessionToken.keyOf(document);
        this.epoch = epoch;
        this.watermark = watermark;
        this.freshness = freshness;
        this.origins = origins;
        this.timers = timers;
        this.time = time;
        this.observer = observer;
    }

    /** Whether the view shows what the token asks for of this document, in this life of it. */
    public boolean isSatisfied(SessionToken token) {
        if (token.knowsOtherEpoch(key, epoch)) {
            return false;
        }
        TokenEntry entry = token.find(key, epoch);
        PositionVector held = watermark.current();
        return entry == null || held.includes(entry.reads()) && held.includes(entry.writes());
    }

    /** The token of an answer that shows {@code version}. */
    public SessionToken answer(PositionVector version) {
        return SessionToken.ofRead(document, epoch, version);
    }

    /** Decides about a read of this level in the session of this token. The stage never completes exceptionally. */
    public CompletionStage<ReadOutcome> read(SessionToken token, ReadLevel level, GuardPolicy policy) {
        if (level instanceof ReadLevel.Eventual) {
            return CompletableFuture.completedFuture(
                    told(new ReadOutcome.Served(ReadOutcome.Path.LOCAL, watermark.current(), 0)));
        }
        if (level instanceof ReadLevel.InSession && isSatisfied(token)) {
            return CompletableFuture.completedFuture(
                    told(new ReadOutcome.Served(ReadOutcome.Path.LOCAL, watermark.current(), 0)));
        }
        return new Waiting(token, level, policy).start();
    }

    /**
     * Decides whether a write of this session may be admitted here: once everything is here that it must not come before
     * ({@link Session#forWrite}). It is never admitted stale.
     */
    public CompletionStage<ReadOutcome> write(SessionToken token, GuardPolicy policy) {
        return read(token, ReadLevel.SESSION, policy.withStaleAllowed(false));
    }

    private ReadOutcome told(ReadOutcome outcome) {
        observer.accept(outcome);
        return outcome;
    }

    /** One read on its way; the first of the events that end it wins. */
    private final class Waiting {
        private final SessionToken token;
        private final ReadLevel level;
        private final GuardPolicy policy;
        private final CompletableFuture<ReadOutcome> decided = new CompletableFuture<>();
        private final long since = time.millis();
        private volatile PositionVector needs = PositionVector.EMPTY;
        private volatile boolean headsUnknown;
        private @Nullable Subscription waiting;
        private @Nullable Subscription timer;
        private boolean over;

        Waiting(SessionToken token, ReadLevel level, GuardPolicy policy) {
            this.token = token;
            this.level = level;
            this.policy = policy;
        }

        CompletionStage<ReadOutcome> start() {
            if (token.knowsOtherEpoch(key, epoch)) {
                decide(failed(ReadFailure.EPOCH_CHANGED, PositionVector.EMPTY, PositionVector.EMPTY));
                return decided;
            }
            TokenEntry entry = token.find(key, epoch);
            if (level instanceof ReadLevel.AtSnapshot snapshot) {
                needs = snapshot.version();
            } else if (entry != null) {
                needs = entry.all();
            }
            headsUnknown = level instanceof ReadLevel.Strong;
            keepTimer(timers.after(policy.waitBudget().toMillis(), this::expired));
            if (headsUnknown) {
                origins.heads().whenComplete((heads, failure) -> {
                    if (failure != null) {
                        unreachable();
                    } else {
                        needs = needs.union(heads);
                        headsUnknown = false;
                        await();
                    }
                });
            } else {
                await();
            }
            return decided;
        }

        private void await() {
            BooleanSupplier fresh = level instanceof ReadLevel.BoundedStaleness bounded
                    ? () -> freshness.stalenessMillis() <= bounded.bound().toMillis()
                    : () -> true;
            PositionVector before = watermark.current();
            PositionVector missing = needs.beyond(before);
            boolean late = !missing.isEmpty() || !fresh.getAsBoolean();
            Optional<Subscription> place = watermark.whenReached(
                    needs,
                    fresh,
                    () -> reached(
                            isFetched(missing, before)
                                    ? ReadOutcome.Path.PULLED
                                    : late ? ReadOutcome.Path.WAITED : ReadOutcome.Path.LOCAL));
            if (place.isEmpty()) {
                giveUp(ReadFailure.OVERLOADED);
                return;
            }
            keepPlace(place.get());
            if (policy.pulls() && !missing.isEmpty() && !decided.isDone()) {
                origins.pull(missing).whenComplete((result, failure) -> {
                    if (failure == null) {
                        taken(result);
                    }
                });
            }
        }

        /** Whether some of what is missing has been fetched since the view held {@code before}; by whomever, a view fetches once for all. */
        private boolean isFetched(PositionVector missing, PositionVector before) {
            PositionVector came = watermark.fetched().beyond(before);
            boolean[] any = {false};
            missing.forEach((origin, sequence) -> any[0] |= came.sequence(origin) > 0);
            return any[0];
        }

        private void taken(Origins.Pulled result) {
            PositionVector lost = needs.beyond(needs.beyond(result.lost())).beyond(watermark.current());
            if (!lost.isEmpty()) {
                decide(failed(ReadFailure.SESSION_LOST_WRITES, lost, result.surviving()));
            } else if (!result.held().isEmpty()) {
                watermark.advance(result.held(), result.held());
            }
        }

        private void reached(ReadOutcome.Path path) {
            PositionVector shown =
                    level instanceof ReadLevel.AtSnapshot snapshot ? snapshot.version() : watermark.current();
            decide(new ReadOutcome.Served(path, shown, waited()));
        }

        private void unreachable() {
            giveUp(ReadFailure.ORIGINS_UNREACHABLE);
        }

        private void expired() {
            if (headsUnknown) {
                giveUp(ReadFailure.ORIGINS_UNREACHABLE);
            } else {
                giveUp(
                        needs.beyond(watermark.current()).isEmpty()
                                ? ReadFailure.TOO_STALE
                                : ReadFailure.SESSION_NOT_SATISFIED);
            }
        }

        /** Redirects, answers stale, or fails. */
        private void giveUp(ReadFailure reason) {
            PositionVector missing = needs.beyond(watermark.current());
            Optional<String> holder =
                    policy.redirects() && !missing.isEmpty() ? origins.holder(needs) : Optional.empty();
            boolean mayBeStale = policy.staleAllowed()
                    && !(level instanceof ReadLevel.Strong)
                    && !(level instanceof ReadLevel.AtSnapshot);
            if (holder.isPresent()) {
                decide(new ReadOutcome.Redirected(holder.get(), waited()));
            } else if (mayBeStale) {
                decide(new ReadOutcome.Stale(watermark.current(), missing, freshness.stalenessMillis(), waited()));
            } else {
                decide(failed(reason, missing, PositionVector.EMPTY));
            }
        }

        private ReadOutcome failed(ReadFailure reason, PositionVector missing, PositionVector surviving) {
            return new ReadOutcome.Failed(reason, missing, surviving, waited());
        }

        private long waited() {
            return Math.max(0, time.millis() - since);
        }

        private void decide(ReadOutcome outcome) {
            Subscription place;
            Subscription clock;
            synchronized (this) {
                if (over) {
                    return;
                }
                over = true;
                place = waiting;
                clock = timer;
            }
            close(place);
            close(clock);
            decided.complete(told(outcome));
        }

        private void keepPlace(Subscription place) {
            synchronized (this) {
                if (!over) {
                    waiting = place;
                    return;
                }
            }
            place.close();
        }

        private void keepTimer(Subscription clock) {
            synchronized (this) {
                if (!over) {
                    timer = clock;
                    return;
                }
            }
            clock.close();
        }

        private void close(@Nullable Subscription subscription) {
            if (subscription != null) {
                subscription.close();
            }
        }
    }
}
