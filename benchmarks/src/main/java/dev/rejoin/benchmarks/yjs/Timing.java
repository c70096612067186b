package dev.rejoin.benchmarks.yjs;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * How long something took, by the rule that the peers' script follows too: once cold, then until it is warm, then often enough for a median.
 *
 * @param coldMs the first run
 * @param warmMs the median of the measured runs
 * @param bestMs the quickest of them
 * @param runs how many were measured
 */
record Timing(double coldMs, double warmMs, double bestMs, int runs) {
    private static final int WARM_UPS = 3;

    /** What the compiler of a JVM needs for the largest of these, and what all others get too. */
    private static final long WARM_NANOS = 5_000_000_000L;

    private static final int RUNS = 10;
    private static final long RUN_NANOS = 500_000_000L;

    /** Whoever replays for its own sake, and not for the figures, may want less. */
    static final boolean BRIEF = Boolean.getBoolean("rejoin.replay.brief");

    /** Processor time of the thread instead of the time that has passed: for a machine that does other work too. */
    private static final boolean PROCESSOR = Boolean.getBoolean("rejoin.replay.processor");

    /** Times {@code work}; nothing is prepared or disposed of. */
    static <R> Timing of(Supplier<R> work) {
        return of(() -> "", ignored -> work.get(), result -> {});
    }

    /** Times {@code work} on what {@code before} makes for each run; {@code after} sees its result. Both are outside the clock. */
    static <P, R> Timing of(Supplier<P> before, Function<P, R> work, Consumer<R> after) {
        double cold = once(before, work, after) / 1e6;
        long spent = 0;
        for (int i = 0; i < (BRIEF ? 0 : WARM_UPS) || (!BRIEF && spent < WARM_NANOS); i++) {
            spent += once(before, work, after);
        }
        double[] runs = new double[16];
        int count = 0;
        spent = 0;
        while (count < (BRIEF ? 1 : RUNS) || (!BRIEF && spent < RUN_NANOS)) {
            long nanos = once(before, work, after);
            spent += nanos;
            if (count == runs.length) {
                runs = Arrays.copyOf(runs, count * 2);
            }
            runs[count++] = nanos / 1e6;
        }
        double[] sorted = Arrays.copyOf(runs, count);
        Arrays.sort(sorted);
        return new Timing(cold, median(sorted), sorted[0], count);
    }

    private static <P, R> long once(Supplier<P> before, Function<P, R> work, Consumer<R> after) {
        P prepared = before.get();
        long start = now();
        R result = work.apply(prepared);
        long nanos = now() - start;
        after.accept(result);
        return nanos;
    }

    private static long now() {
        return PROCESSOR ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() : System.nanoTime();
    }

    static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Puts the median under its name and the cold and best run under names beside it. */
    void into(Map<String, Object> line, String name) {
        line.put(name + "_ms", round(warmMs));
        line.put(name + "_cold_ms", round(coldMs));
        line.put(name + "_best_ms", round(bestMs));
    }

    static double round(double value) {
        return value == 0
                ? 0
                : new java.math.BigDecimal(value)
                        .round(new java.math.MathContext(4))
                        .doubleValue();
    }
}
