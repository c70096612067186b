package dev.rejoin.consistency.lag;

import java.util.Arrays;

/**
 * Tells a spike from noise, with what is usual taken from the samples themselves: the median, and the median distance from it, neither of which a
 * few wild samples move.
 *
 * <p>A spike begins after two samples in a row above 250 ms, four times the median, and the median plus six times the spread; it ends after
 * five below half of the threshold at which it began. While it lasts its samples are kept out of what is usual, for as many as the window holds: what stays
 * that long is the new usual. Not thread-safe.
 */
final class SpikeDetector {
    static final int WINDOW = 300;
    static final long FLOOR_MILLIS = 250;
    private static final int MIN_SAMPLES = 30;
    private static final int TO_BEGIN = 2;
    private static final int TO_END = 5;

    private final long[] window = new long[WINDOW];
    private int size;
    private int next;
    private int above;
    private int below;
    private int held;
    private long threshold;
    private boolean spiking;

    /** Whether this sample begins or ends a spike. */
    boolean sample(long millis) {
        if (spiking) {
            below = millis < threshold / 2 ? below + 1 : 0;
            held++;
            if (below < TO_END && held < WINDOW) {
                return false;
            }
            spiking = false;
            above = 0;
            if (held >= WINDOW) {
                size = 0;
                next = 0;
            }
            return true;
        }
        long limit = size < MIN_SAMPLES ? Long.MAX_VALUE : limit();
        above = millis > limit ? above + 1 : 0;
        if (above < TO_BEGIN) {
            if (above == 0) {
                keep(millis);
            }
            return false;
        }
        spiking = true;
        threshold = limit;
        below = 0;
        held = 0;
        return true;
    }

    boolean isSpiking() {
        return spiking;
    }

    private void keep(long millis) {
        window[next] = millis;
        next = (next + 1) % WINDOW;
        size = Math.min(size + 1, WINDOW);
    }

    private long limit() {
        long median = medianMillis();
        long[] distances = new long[size];
        for (int i = 0; i < size; i++) {
            distances[i] = Math.abs(window[i] - median);
        }
        long spread = (long) Math.ceil(1.4826 * median(distances));
        return Math.max(FLOOR_MILLIS, Math.max(4 * median, median + 6 * spread));
    }

    /** The usual; 0 while there is none. */
    long medianMillis() {
        return size == 0 ? 0 : median(Arrays.copyOf(window, size));
    }

    private static long median(long[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
