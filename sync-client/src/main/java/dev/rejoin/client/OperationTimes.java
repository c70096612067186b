package dev.rejoin.client;

import dev.rejoin.crdt.clock.TimeSource;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * How long operations of each kind have taken here, and from that what to tell somebody who waits for one: "usually 2–3 s", slow, or of unknown outcome.
 *
 * <p>Of each kind the last {@value #KEPT} durations of successes are kept, so quantiles are exact and follow a server that has become slower; of at most
 * {@value #MAX_KINDS} kinds, the one used longest ago is forgotten first. For any thread.
 */
public final class OperationTimes {
    /** Durations kept of each kind. */
    public static final int KEPT = 64;

    /** Kinds kept. */
    public static final int MAX_KINDS = 256;

    /** Fewer durations than this say nothing yet. */
    public static final int MIN_SAMPLES = 5;

    private final TimeSource time;
    private final Map<String, Window> kinds = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Window> eldest) {
            return size() > MAX_KINDS;
        }
    };

    /** The last durations of one kind, as a ring. */
    private static final class Window {
        private final long[] durations = new long[KEPT];
        private int recorded;

        void add(long millis) {
            durations[recorded % KEPT] = millis;
            recorded = recorded + 1 == 2 * KEPT ? KEPT : recorded + 1;
        }

        long quantile(int percent) {
            int count = Math.min(recorded, KEPT);
            long[] sorted = Arrays.copyOf(durations, count);
            Arrays.sort(sorted);
            return sorted[(count * percent + 99) / 100 - 1];
        }
    }

    /** Nothing measured yet. */
    public OperationTimes(TimeSource time) {
        this.time = time;
    }

    /**
     * Follows an operation: it is queued until {@link PendingOperation#begin}, and ends with this stage.
     *
     * @param deadlineMillis without an end by then, counted from its start, its outcome is unknown until it comes
     */
    public PendingOperation follow(String kind, CompletionStage<?> outcome, long deadlineMillis) {
        PendingOperation operation = new PendingOperation(kind, this, time, deadlineMillis);
        outcome.whenComplete((done, failure) -> operation.end(
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure));
        return operation;
    }

    /** Notes that one of this kind has succeeded after so long. */
    public synchronized void record(String kind, long millis) {
        kinds.computeIfAbsent(kind, unused -> new Window()).add(Math.max(0, millis));
    }

    /** Half of this kind have taken no longer, in milliseconds; empty below {@value #MIN_SAMPLES} of them. */
    public Optional<Long> expectedMillis(String kind) {
        return quantile(kind, 50);
    }

    /** 95 of 100 of this kind have taken no longer, in milliseconds; empty below {@value #MIN_SAMPLES} of them. */
    public Optional<Long> slowAfterMillis(String kind) {
        return quantile(kind, 95);
    }

    /** For people: {@code usually 2–3 s}, {@code usually under 1 s}; empty if too little is known. */
    public String usually(String kind) {
        long[] known = both(kind);
        if (known.length == 0) {
            return "";
        }
        long from = Math.round(known[0] / 1000.0);
        long to = Math.max(1, (known[1] + 999) / 1000);
        if (known[1] < 1000) {
            return "usually under 1 s";
        }
        return from >= to || from == 0 ? "usually up to " + to + " s" : "usually " + from + "–" + to + " s";
    }

    private synchronized long[] both(String kind) {
        return quantile(kind, 50).isEmpty()
                ? new long[0]
                : new long[] {quantile(kind, 50).get(), quantile(kind, 95).get()};
    }

    private synchronized Optional<Long> quantile(String kind, int percent) {
        @Nullable Window window = kinds.get(kind);
        return window == null || window.recorded < MIN_SAMPLES
                ? Optional.empty()
                : Optional.of(window.quantile(percent));
    }
}
