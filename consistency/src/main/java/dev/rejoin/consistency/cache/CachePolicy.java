package dev.rejoin.consistency.cache;

import java.time.Duration;

/**
 * How long a cache keeps what, and how much.
 *
 * @param ttl how long a value is fresh; also with events, as a net under a stream that has lost something
 * @param jitter by which part of it this is shortened at random, 0 … 1, so that what was loaded together does not expire together
 * @param staleWhileRevalidate how long after that the old value is still given out while one call loads the new one
 * @param maxEntries how many values are kept; the ones least used are dropped
 * @param maxFloors for how many keys it is remembered which version is known to exist; beyond, a value that is older than the forgotten one
 *     stays until its time to live is over
 * @param loadTimeout after this a load has failed, and the next call loads again
 */
public record CachePolicy(
        Duration ttl,
        double jitter,
        Duration staleWhileRevalidate,
        long maxEntries,
        long maxFloors,
        Duration loadTimeout) {
    /** A minute, a tenth of it at random, ten seconds stale; 10,000 values, 100,000 floors, 10 s for a load. */
    public static final CachePolicy DEFAULT = new CachePolicy(
            Duration.ofMinutes(1), 0.1, Duration.ofSeconds(10), 10_000, 100_000, Duration.ofSeconds(10));

    /** Checks the numbers. */
    public CachePolicy {
        boolean isSound = ttl.toMillis() >= 1
                && jitter >= 0
                && jitter <= 1
                && !staleWhileRevalidate.isNegative()
                && maxEntries >= 1
                && maxFloors >= 1
                && loadTimeout.toMillis() >= 1;
        if (!isSound) {
            throw new IllegalArgumentException("ttl " + ttl + ", jitter " + jitter + ", stale while revalidate "
                    + staleWhileRevalidate + ", entries " + maxEntries + ", floors " + maxFloors + ", load timeout "
                    + loadTimeout);
        }
    }

    /** This policy with another time to live. */
    public CachePolicy withTtl(Duration other, double otherJitter, Duration otherStale) {
        return new CachePolicy(other, otherJitter, otherStale, maxEntries, maxFloors, loadTimeout);
    }
}
