package dev.rejoin.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.RunnerException;

/** The report runs and says something about every bound; what it says of time is not looked at. */
class ReportTest {

    /** In this JVM, one iteration of a millisecond, nothing above a thousand elements. */
    private static String page(Set<String> sections) throws RunnerException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new Report(new PrintStream(bytes, true, StandardCharsets.UTF_8), 0, 1, 1, 1_000).run(sections);
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static long rows(String page, String what) {
        return page.lines().filter(line -> line.startsWith("| " + what)).count();
    }

    @Test
    void everyBoundOfAMutationIsStatedForItselfBesideAPlainMap() throws RunnerException {
        String page = page(Set.of("mutation", "types"));

        assertEquals(2, rows(page, "set mutation with its delta, "), page);
        assertEquals(1, rows(page, "flag switch with its delta: "), page);
        assertEquals(1, rows(page, "register set with its delta: "), page);
        assertTrue(page.contains("× HashSet") && page.contains("× HashMap"), page);
        assertFalse(page.contains("not measured"), page);
    }

    @Test
    void heapIsMeasuredAndBounded() throws RunnerException {
        String page = page(Set.of("heap"));

        assertEquals(1, rows(page, "set per element"), page);
        assertFalse(page.contains("not measured"), page);
    }

    @Test
    void anUnknownSectionIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> page(Set.of("weather")));
    }
}
