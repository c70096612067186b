package dev.rejoin.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What deltas weigh on an established link, whether one replica has written or a thousand. */
class DeltaBytesTest {
    private static List<DeltaBytes.Row> rows = List.of();

    @BeforeAll
    static void measure() {
        try (Pekko pekko = new Pekko()) {
            rows = DeltaBytes.measure(pekko);
        }
    }

    private static void assertAtMost(double bytes, String operation, ToDoubleFunction<DeltaBytes.Row> measure) {
        List<DeltaBytes.Row> all = rows.stream()
                .filter(row -> row.operation().startsWith(operation))
                .toList();
        assertEquals(
                Set.of(1, 10, 100, 1_000),
                all.stream().map(DeltaBytes.Row::replicas).collect(Collectors.toSet()));
        for (DeltaBytes.Row row : all) {
            assertTrue(
                    measure.applyAsDouble(row) <= bytes,
                    () -> measure.applyAsDouble(row) + " bytes, not ≤ " + bytes + ": " + row);
        }
    }

    @Test
    void anIncrementTakesAtMostEightBytes() {
        assertAtMost(8, DeltaBytes.COUNTER, DeltaBytes.Row::link);
    }

    @Test
    void anAdditionTakesAtMostEightBytesBeyondItsElement() {
        assertAtMost(8, DeltaBytes.ADD, row -> row.link() - row.element());
    }

    @Test
    void aRemovalTakesAtMostSixBytesPerDot() {
        assertAtMost(6, DeltaBytes.REMOVE, DeltaBytes.Row::perDot);
    }
}
