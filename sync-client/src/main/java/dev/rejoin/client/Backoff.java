package dev.rejoin.client;

import java.util.random.RandomGenerator;

/**
 * Pauses between attempts to connect: exponential with full jitter, so that many clients that lost one server do not come
 * back at one moment.
 */
final class Backoff {
    static final long BASE_MILLIS = 200;
    static final long MAX_MILLIS = 30_000;

    /** A connection that held this long was a good one. */
    static final long HEALTHY_MILLIS = 10_000;

    private final RandomGenerator random;
    private int attempts;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    /** The next pause, in milliseconds. */
    long next() {
        long bound = Math.min(MAX_MILLIS, BASE_MILLIS << Math.min(attempts, 20));
        attempts++;
        return random.nextLong(bound + 1);
    }

    void reset() {
        attempts = 0;
    }
}
