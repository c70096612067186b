package dev.rejoin.crdt.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HybridClockTest {

    private long millis = 1_000;
    private final HybridClock clock = new HybridClock(() -> millis);

    @Test
    void followsTheWallClock() {
        long stamp = clock.now();
        assertEquals(1_000, HybridClock.millis(stamp));
        assertEquals(0, HybridClock.logical(stamp));
        millis = 2_000;
        assertEquals(HybridClock.stamp(2_000, 0), clock.now());
    }

    @Test
    void countsWhileTheWallClockStandsStillOrStepsBack() {
        long first = clock.now();
        assertEquals(first + 1, clock.now());
        millis = 10;
        assertEquals(first + 2, clock.now());
    }

    @Test
    void isAboveEveryStampObserved() {
        long theirs = HybridClock.stamp(9_000, 7);
        clock.observe(theirs);
        assertTrue(clock.now() > theirs);
        clock.observe(5);
        assertEquals(theirs + 2, clock.now());
        assertEquals(theirs + 2, clock.last());
    }

    @Test
    void carriesIntoTheMillisecondsWhenTheLogicalPartIsFull() {
        clock.observe(HybridClock.stamp(5_000, HybridClock.MAX_LOGICAL));
        assertEquals(HybridClock.stamp(5_001, 0), clock.now());
    }

    @Test
    void standsStillAtTheCeiling() {
        long ceiling = HybridClock.stamp(HybridClock.MAX_MILLIS, HybridClock.MAX_LOGICAL);
        assertEquals(Long.MAX_VALUE, ceiling);
        clock.observe(ceiling);
        assertEquals(ceiling, clock.now());
    }

    @Test
    void aWallClockBefore1970CountsAs1970() {
        millis = -5;
        assertEquals(1, clock.now());
    }

    @Test
    void partsOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> HybridClock.stamp(-1, 0));
        assertThrows(IllegalArgumentException.class, () -> HybridClock.stamp(0, 0x10000));
        assertThrows(IllegalArgumentException.class, () -> HybridClock.stamp(HybridClock.MAX_MILLIS + 1, 0));
        assertThrows(IllegalArgumentException.class, () -> clock.observe(-1));
    }
}
