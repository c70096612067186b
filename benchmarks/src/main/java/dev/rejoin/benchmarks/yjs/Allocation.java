package dev.rejoin.benchmarks.yjs;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * What one step allocates, asked of the JVM step by step once the code is compiled.
 *
 * @param medianBytes of one step
 * @param meanBytes of one step, with what the document itself grows by
 * @param freeShare the share of steps that allocate nothing
 */
record Allocation(long medianBytes, double meanBytes, double freeShare) {
    private static final int WARM = Timing.BRIEF ? 100 : 200_000;
    private static final int STEPS = Timing.BRIEF ? 100 : 20_000;

    /** Measures {@code step}; {@code between} runs between steps, outside the account. */
    static Allocation of(Runnable step, Runnable between) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < WARM; i++) {
            between.run();
            step.run();
        }
        long[] bytes = new long[STEPS];
        for (int i = 0; i < STEPS; i++) {
            between.run();
            long before = threads.getCurrentThreadAllocatedBytes();
            step.run();
            bytes[i] = threads.getCurrentThreadAllocatedBytes() - before;
        }
        Arrays.sort(bytes);
        return new Allocation(
                bytes[STEPS / 2],
                Arrays.stream(bytes).average().orElseThrow(),
                (double) Arrays.stream(bytes).filter(b -> b == 0).count() / STEPS);
    }
}
