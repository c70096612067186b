package dev.rejoin.consistency.probe;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * When to look again: after {@code first}, then after {@code second}, then each time after a random pause between {@code second} and three times the
 * pause before, {@code longest} at most (<em>decorrelated jitter</em>), so that many who wait for one thing do not look at one moment.
 *
 * @param budget when to stop
 * @see <a href="https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/">Exponential Backoff and Jitter</a>
 */
public record BackoffPolicy(Duration first, Duration second, Duration longest, Duration budget) {
    /** 200 ms, 500 ms, then up to 5 s; 15 s in all. */
    public static final BackoffPolicy DEFAULT = new BackoffPolicy(
            Duration.ofMillis(200), Duration.ofMillis(500), Duration.ofSeconds(5), Duration.ofSeconds(15));

    /** Checks the order of the pauses. */
    public BackoffPolicy {
        if (first.toMillis() < 1 || second.toMillis() < 1 || longest.compareTo(second) < 0 || budget.isNegative()) {
            throw new IllegalArgumentException(
                    "pauses " + first + ", " + second + ", " + longest + "; budget " + budget);
        }
    }

    /**
     * The pause before look number {@code look}.
     *
     * @param look from 1
     * @param before the pause before the look before
     */
    long pauseMillis(int look, long before, RandomGenerator random) {
        if (look == 1) {
            return first.toMillis();
        }
        if (look == 2) {
            return second.toMillis();
        }
        long low = second.toMillis();
        long high = Math.max(low, Math.min(longest.toMillis(), 3 * before));
        return low + random.nextLong(high - low + 1);
    }
}
