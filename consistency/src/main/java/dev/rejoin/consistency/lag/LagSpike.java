package dev.rejoin.consistency.lag;

/**
 * An origin is much later than it usually is, or as usual again.
 *
 * @param begins false when it is over
 * @param lagMillis how late it is
 * @param usualMillis the median of the last minutes
 */
public record LagSpike(long origin, boolean begins, long lagMillis, long usualMillis) {
    /** How many times the usual it is. */
    public double factor() {
        return (double) lagMillis / Math.max(1, usualMillis);
    }
}
