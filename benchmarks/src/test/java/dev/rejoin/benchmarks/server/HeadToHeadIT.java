package dev.rejoin.benchmarks.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The comparison of servers runs with all of them and loses nothing; what it says of time and memory is not looked at. */
class HeadToHeadIT {
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    private static String page(HeadToHead comparison, ByteArrayOutputStream bytes, Set<String> sections)
            throws IOException {
        comparison.run(sections);
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void everyServerIsMeasuredAndEveryBoundIsJudged() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        HeadToHead comparison =
                new HeadToHead(new PrintStream(bytes, true, StandardCharsets.UTF_8), Level.QUICK, CHECKOUT);
        String page = page(comparison, bytes, Set.of());

        for (String server : List.of("Rejoin", "@y/websocket-server", "@hocuspocus/server")) {
            assertEquals(
                    server.equals("Rejoin") ? 7 : 5,
                    page.lines()
                            .filter(line -> line.startsWith("| " + server + " |"))
                            .count(),
                    page);
        }
        assertEquals(
                3, page.lines().filter(line -> line.startsWith("| floor |")).count(), page);
        assertEquals(12, comparison.bounds().size(), page);
    }

    @Test
    void anUnknownSectionIsRefused() throws IOException {
        HeadToHead comparison = new HeadToHead(System.out, Level.QUICK, CHECKOUT);
        assertThrows(IllegalArgumentException.class, () -> comparison.run(Set.of("weather")));
    }
}
