package dev.rejoin.crdt.clock;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.function.Executable;

/** A bound on the processor time of what must not become quadratic; a busy machine does not count against it. */
public final class CpuTime {
    private CpuTime() {}

    /** Fails if {@code work} takes the processor for longer than {@code bound}, which is to be many times what is expected. */
    public static void assertWithin(Duration bound, Executable work) {
        long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        try {
            work.execute();
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
        long taken = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
        assertTrue(taken <= bound.toNanos(), taken / 1_000_000 + " ms of processor time, not " + bound.toMillis());
    }
}
