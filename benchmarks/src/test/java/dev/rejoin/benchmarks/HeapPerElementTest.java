package dev.rejoin.benchmarks;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What a set takes in memory beyond its elements. */
class HeapPerElementTest {
    @Test
    void aSetTakesAtMost24BytesPerElementAlsoAfterRandomRemovalsAndAdditions() {
        for (HeapPerElement.Row row : HeapPerElement.measure(10_000)) {
            if (row.size() >= 1_000) {
                assertTrue(row.ours() <= 24, row::toString);
                assertTrue(row.oursChurned() <= 24, row::toString);
            }
        }
    }

    @Test
    void aSmallSetTakesAtMostTwiceWhatAHashSetDoes() {
        for (HeapPerElement.Row row : HeapPerElement.measure(100)) {
            assertTrue(row.ours() <= 2 * row.hashSet(), row::toString);
            assertTrue(row.oursChurned() <= 2 * row.hashSet(), row::toString);
        }
    }
}
