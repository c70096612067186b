package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** A rate with some slack, on a clock in the test's hands that begins below zero. */
final class BucketTest {
    private static final long SECOND = 1_000_000_000;
    private static final long START = -3 * SECOND;

    private final Bucket bucket = new Bucket(10, SECOND, START);

    @Test
    void fiveSecondsWorthMayComeAtOnceAndThenOneATime() {
        for (int i = 0; i < 50; i++) {
            assertTrue(bucket.tryTake(1, START));
        }
        assertFalse(bucket.tryTake(1, START));
        assertTrue(bucket.tryTake(1, START + SECOND / 10));
        assertFalse(bucket.tryTake(1, START + SECOND / 10));
    }

    @Test
    void whatIsRefusedCostsNothing() {
        assertFalse(bucket.tryTake(51, START));
        assertTrue(bucket.tryTake(50, START));
    }

    @Test
    void whatHasComeAlreadyMustBeWaitedFor() {
        assertEquals(0, bucket.take(50, START));
        assertEquals(SECOND, bucket.take(10, START));
        assertEquals(SECOND / 2, bucket.take(0, START + SECOND / 2));
    }

    @Test
    void nobodyWaitsLongerThanFiveSecondsForWhatCameAtOnce() {
        assertEquals(5 * SECOND, bucket.take(1_000_000, START));
        assertEquals(5 * SECOND, bucket.take(Long.MAX_VALUE, START));
    }

    @Test
    void itIsFullAgainAfterAQuietTime() {
        bucket.take(50, START);
        assertFalse(bucket.isFull(START + 4 * SECOND));
        assertTrue(bucket.isFull(START + 5 * SECOND));
        assertTrue(bucket.tryTake(50, START + 100 * SECOND));
        assertFalse(bucket.tryTake(1, START + 100 * SECOND));
    }

    @Test
    void noRateIsNoBound() {
        Bucket unbounded = new Bucket(0, SECOND, START);
        assertTrue(unbounded.tryTake(Long.MAX_VALUE, START));
        assertEquals(0, unbounded.take(Long.MAX_VALUE, START));
    }
}
