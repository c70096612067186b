package dev.rejoin.consistency.probe;

import dev.rejoin.consistency.session.Timers;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.clock.TimeSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Waits until a read model that can only be asked shows a write: somebody else's search index, table or API. For what can tell by itself,
 * {@code Projection} and {@code SessionGuard} wait without asking.
 *
 * <p>Looks follow one another with the pauses of a {@link BackoffPolicy} between an answer and the next look; there are never two at once. A look that
 * fails counts as one that saw nothing. The waiting always ends: with what was seen, or when the budget is used up, even if a look never
 * answers. Thread-safe; holds no thread.
 */
public final class VisibilityProbe {
    private final BackoffPolicy backoff;
    private final int maxRunning;
    private final Timers timers;
    private final TimeSource time;
    private final RandomGenerator random;
    private final AtomicInteger running = new AtomicInteger();

    /**
     * A probe.
     *
     * @param maxRunning how many may wait at once; more are turned away
     * @param random for the jitter; used from the threads of the timers and of the answers, one at a time
     */
    public VisibilityProbe(
            BackoffPolicy backoff, int maxRunning, Timers timers, TimeSource time, RandomGenerator random) {
        if (maxRunning < 1) {
            throw new IllegalArgumentException("bound of probes below 1: " + maxRunning);
        }
        this.backoff = backoff;
        this.maxRunning = maxRunning;
        this.timers = timers;
        this.time = time;
        this.random = random;
    }

    /** Waits for what {@code look} looks for. The stage never completes exceptionally. */
    public CompletionStage<ProbeResult> await(Supplier<CompletionStage<Sighting>> look) {
        if (running.incrementAndGet() > maxRunning) {
            running.decrementAndGet();
            return CompletableFuture.completedFuture(
                    new ProbeResult(ProbeResult.Outcome.OVERLOADED, "", Optional.empty(), 0, 0));
        }
        return new Waiting(look).start();
    }

    /** How many wait. */
    public int running() {
        return running.get();
    }

    private final class Waiting {
        private final Supplier<CompletionStage<Sighting>> look;
        private final CompletableFuture<ProbeResult> result = new CompletableFuture<>();
        private final long since = time.millis();
        private int looks;
        private long pause;
        private @Nullable Throwable lastFailure;
        private @Nullable Subscription next;
        private @Nullable Subscription deadline;
        private boolean over;

        Waiting(Supplier<CompletionStage<Sighting>> look) {
            this.look = look;
        }

        CompletionStage<ProbeResult> start() {
            Subscription end = timers.after(backoff.budget().toMillis(), () -> end(ProbeResult.Outcome.TIMEOUT, ""));
            synchronized (this) {
                deadline = end;
            }
            schedule();
            return result;
        }

        private void schedule() {
            long wait;
            synchronized (this) {
                if (over) {
                    return;
                }
                synchronized (random) {
                    pause = backoff.pauseMillis(looks + 1, pause, random);
                }
                wait = pause;
            }
            Subscription timer = timers.after(wait, this::look);
            synchronized (this) {
                if (!over) {
                    next = timer;
                    return;
                }
            }
            timer.close();
        }

        private void look() {
            synchronized (this) {
                if (over) {
                    return;
                }
                looks++;
            }
            CompletionStage<Sighting> answer;
            try {
                answer = look.get();
            } catch (RuntimeException failure) {
                answer = CompletableFuture.failedFuture(failure);
            }
            answer.whenComplete(this::seen);
        }

        private void seen(@Nullable Sighting sighting, @Nullable Throwable failure) {
            if (sighting instanceof Sighting.Visible) {
                end(ProbeResult.Outcome.VISIBLE, "");
            } else if (sighting instanceof Sighting.Superseded superseded) {
                end(ProbeResult.Outcome.SUPERSEDED, superseded.by());
            } else if (sighting instanceof Sighting.Rejected rejected) {
                end(ProbeResult.Outcome.REJECTED, rejected.code());
            } else {
                synchronized (this) {
                    lastFailure = failure;
                }
                schedule();
            }
        }

        private void end(ProbeResult.Outcome outcome, String detail) {
            Subscription timer;
            Subscription end;
            ProbeResult found;
            synchronized (this) {
                if (over) {
                    return;
                }
                over = true;
                timer = next;
                end = deadline;
                Optional<Throwable> failure =
                        outcome == ProbeResult.Outcome.TIMEOUT ? Optional.ofNullable(lastFailure) : Optional.empty();
                found = new ProbeResult(outcome, detail, failure, looks, Math.max(0, time.millis() - since));
            }
            if (timer != null) {
                timer.close();
            }
            if (end != null) {
                end.close();
            }
            running.decrementAndGet();
            result.complete(found);
        }
    }
}
