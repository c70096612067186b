package dev.rejoin.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * The part of each iteration during which the measuring thread really had a processor.
 *
 * <p>On a machine that others load too, most of the wall clock may be theirs. A figure times this share is what the operation
 * itself took. Pauses for the garbage collector are not in it; allocation is reported beside it.
 */
public final class CpuShare implements InternalProfiler {
    static final String LABEL = "cpu.share";

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private long cpuBefore;
    private long wallBefore;

    @Override
    public String getDescription() {
        return "Share of the wall clock that the measuring thread ran";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        cpuBefore = cpuOfWorkers();
        wallBefore = System.nanoTime();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double share = (double) (cpuOfWorkers() - cpuBefore) / (System.nanoTime() - wallBefore);
        return List.of(new ScalarResult(LABEL, Math.min(1, share), "of 1", AggregationPolicy.AVG));
    }

    private long cpuOfWorkers() {
        long sum = 0;
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().contains("jmh-worker")) {
                sum += Math.max(0, threads.getThreadCpuTime(thread.getThreadId()));
            }
        }
        return sum;
    }
}
