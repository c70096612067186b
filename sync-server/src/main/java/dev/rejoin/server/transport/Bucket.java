package dev.rejoin.server.transport;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A rate with some slack: so much in each period, and {@value #PERIODS} periods' worth at once after a quiet time. Kept as the one
 * moment at which it will be full again (generic cell rate algorithm). For any thread.
 */
final class Bucket {
    /** How many periods' worth may come at once. */
    static final int PERIODS = 5;

    private final double nanosPerUnit;
    private final long slackNanos;
    private final AtomicLong fullAt;

    /**
     * A full one.
     *
     * @param unitsPerPeriod 0 is no bound
     * @param nowNanos of the same clock as in all calls
     */
    Bucket(long unitsPerPeriod, long periodNanos, long nowNanos) {
        nanosPerUnit = unitsPerPeriod == 0 ? 0 : (double) periodNanos / unitsPerPeriod;
        slackNanos = PERIODS * periodNanos;
        fullAt = new AtomicLong(nowNanos);
    }

    /** Takes so many units if they are there; else takes nothing. */
    boolean tryTake(long units, long nowNanos) {
        if (nanosPerUnit == 0) {
            return true;
        }
        long cost = cost(units);
        while (true) {
            long before = fullAt.get();
            long after = Math.max(before - nowNanos, 0) + cost;
            if (after > slackNanos) {
                return false;
            }
            if (fullAt.compareAndSet(before, nowNanos + after)) {
                return true;
            }
        }
    }

    /**
     * Takes so many units of what has come already, on credit if need be, and tells for how many nanoseconds nothing more should
     * come. The credit is no larger than the slack, so this is at most {@value #PERIODS} periods.
     */
    long take(long units, long nowNanos) {
        if (nanosPerUnit == 0) {
            return 0;
        }
        long cost = cost(units);
        while (true) {
            long before = fullAt.get();
            long after = Math.min(Math.max(before - nowNanos, 0) + cost, 2 * slackNanos);
            if (fullAt.compareAndSet(before, nowNanos + after)) {
                return Math.max(after - slackNanos, 0);
            }
        }
    }

    boolean isFull(long nowNanos) {
        return fullAt.get() - nowNanos <= 0;
    }

    private long cost(long units) {
        return (long) Math.min(units * nanosPerUnit, 3.0 * slackNanos);
    }
}
