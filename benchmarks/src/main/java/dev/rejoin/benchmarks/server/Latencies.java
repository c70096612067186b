package dev.rejoin.benchmarks.server;

import java.util.Arrays;

/** Every latency of a round, in nanoseconds. */
final class Latencies {
    private static final double NANOS_PER_MILLI = 1e6;

    private long[] nanos = new long[1 << 12];
    private int count;

    void add(long latency) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = latency;
    }

    void clear() {
        count = 0;
    }

    int count() {
        return count;
    }

    /** In milliseconds; NaN if there is none. Sorts what there is. */
    double percentile(double percent) {
        if (count == 0) {
            return Double.NaN;
        }
        Arrays.sort(nanos, 0, count);
        int index = (int) Math.ceil(percent / 100 * count) - 1;
        return nanos[Math.max(0, index)] / NANOS_PER_MILLI;
    }
}
