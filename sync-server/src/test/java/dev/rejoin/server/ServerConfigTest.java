package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ServerConfigTest {
    @TempDir
    Path directory;

    private static ServerConfig collect(Map<String, String> flags, Map<String, String> environment) {
        return ServerConfig.collect(flags, environment);
    }

    private static String complaint(Map<String, String> flags, Map<String, String> environment) {
        String message = assertThrows(BadOptionException.class, () -> collect(flags, environment))
                .getMessage();
        assertEquals(1, message.lines().count());
        return message;
    }

    @Test
    void everyDefaultIsAValue() {
        ServerConfig config = collect(Map.of(), Map.of());
        for (Option<?> option : ServerConfig.OPTIONS) {
            assertEquals(option.parse(option.standard(), "the table"), config.get(option), option.name());
        }
        assertEquals("127.0.0.1", config.get(ServerConfig.HOST));
        assertEquals(8080, config.get(ServerConfig.PORT));
        assertEquals(Optional.empty(), config.get(ServerConfig.DATA));
        assertEquals(Duration.ofMinutes(1), config.get(ServerConfig.IDLE_UNLOAD));
        assertEquals(64L << 20, config.get(ServerConfig.MAX_DOCUMENT));
    }

    @Test
    void theCommandLineWinsOverTheEnvironmentAndThatOverTheFile() throws IOException {
        Path file = directory.resolve("rejoin.properties");
        Files.writeString(file, "# a comment\nport = 1\nhost = file.example\nidle-unload = 5m\n");
        ServerConfig config = collect(
                Map.of("config", file.toString(), "port", "3"),
                Map.of("REJOIN_PORT", "2", "REJOIN_HOST", "env.example", "REJOIN_SERVICE_HOST", "10.0.0.1"));
        assertEquals(3, config.get(ServerConfig.PORT));
        assertEquals("env.example", config.get(ServerConfig.HOST));
        assertEquals(Duration.ofMinutes(5), config.get(ServerConfig.IDLE_UNLOAD));
        assertEquals(
                Duration.ofMinutes(5),
                collect(Map.of(), Map.of("REJOIN_CONFIG", file.toString())).get(ServerConfig.IDLE_UNLOAD));
    }

    @Test
    void aBadValueIsNamedWithItsSourceAndWhatWouldDo() throws IOException {
        assertEquals(
                "port: expected a number from 0 to 65535, got \"http\" (from --port)",
                complaint(Map.of("port", "http"), Map.of()));
        assertEquals(
                "port: expected a number from 0 to 65535, got \"65536\" (from environment variable REJOIN_PORT)",
                complaint(Map.of(), Map.of("REJOIN_PORT", "65536")));
        Path file = directory.resolve("rejoin.properties");
        Files.writeString(file, "idle-unload = soon\n");
        assertEquals(
                "idle-unload: expected a time like 60s, 5m or 1h, got \"soon\" (from file " + file + ")",
                complaint(Map.of("config", file.toString()), Map.of()));
        assertTrue(complaint(Map.of("web", directory.resolve("nowhere").toString()), Map.of())
                .startsWith("web: expected a directory that exists, got "));
        assertTrue(complaint(Map.of("max-frame", "1KiB"), Map.of()).contains("from 64KiB to 16MiB"));
        assertTrue(complaint(Map.of("allow-origin", "example.org"), Map.of()).startsWith("allow-origin: "));
    }

    @Test
    void aSettingThatDoesNotExistIsAnErrorInAFile() throws IOException {
        Path file = directory.resolve("rejoin.properties");
        Files.writeString(file, "prot = 80\n");
        assertTrue(complaint(Map.of("config", file.toString()), Map.of()).startsWith("prot: there is no such setting"));
    }

    @Test
    void aFileThatCannotBeReadIsAnError() {
        assertTrue(complaint(Map.of("config", directory.resolve("none").toString()), Map.of())
                .startsWith("config: expected a file that can be read"));
    }

    @Test
    void sizesAndTimesReadAsPeopleWriteThem() {
        assertEquals(65_536, Quantity.bytes("65536"));
        assertEquals(64 << 10, Quantity.bytes("64 KiB"));
        assertEquals(Duration.ofMillis(500), Quantity.duration("500ms"));
        assertEquals("1 MiB", Quantity.sizeText(1 << 20));
        assertEquals("1,500 B", Quantity.sizeText(1_500));
        assertEquals("90 s", Quantity.durationText(Duration.ofSeconds(90)));
        for (String bad : List.of("", "-1", "1.5s", "1e3", "10 parsecs", "999999999999999GiB", "5")) {
            assertThrows(IllegalArgumentException.class, () -> Quantity.duration(bad), bad);
        }
        assertThrows(IllegalArgumentException.class, () -> Quantity.bytes("999999999999999GiB"));
    }

    @Test
    void originsAreSeparatedByCommas() {
        assertEquals(
                Set.of("https://a.example", "http://localhost:3000"),
                collect(Map.of("allow-origin", "https://a.example, http://localhost:3000"), Map.of())
                        .get(ServerConfig.ALLOW_ORIGIN));
    }

    @Test
    void theDocumentedTableIsTheOneInTheCode() throws IOException {
        StringBuilder table = new StringBuilder();
        for (Option<?> option : ServerConfig.OPTIONS) {
            String standard = option.standard().isEmpty() ? "none" : "`" + option.standard() + "`";
            table.append("| `").append(option.name()).append("` | ").append(option.expected());
            table.append(" | ")
                    .append(standard)
                    .append(" | ")
                    .append(option.description())
                    .append(" |\n");
        }
        String page = Files.readString(Path.of("..", "docs", "operating", "configuration.md"));
        assertTrue(page.contains(table), () -> "docs/operating/configuration.md must contain\n" + table);
    }
}
