package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class MainIT {
    private final HttpClient http = HttpClient.newHttpClient();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    Path directory;

    private int run(Consumer<SyncServer> serve, String... arguments) {
        return Main.run(
                arguments,
                new Terminal(
                        Map.of(),
                        InputStream.nullInputStream(),
                        new PrintStream(out, true),
                        new PrintStream(err, true),
                        false),
                serve);
    }

    private HttpResponse<String> get(URI address) {
        try {
            return http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
        } catch (Exception failure) {
            throw new AssertionError(address.toString(), failure);
        }
    }

    @Test
    void aBadSettingIsOneLineAndExitCodeTwo() {
        assertEquals(Main.BAD_OPTION, run(server -> {}, "--port", "http"));
        assertEquals("port: expected a number from 0 to 65535, got \"http\" (from --port)", error());
    }

    @Test
    void anUnknownOptionIsOneLineAndExitCodeTwo() {
        assertEquals(Main.BAD_OPTION, run(server -> {}, "--prot", "80"));
        assertTrue(error().contains("--prot"), error());
        assertEquals(1, error().lines().count());
    }

    @Test
    void helpNamesEveryOption() {
        assertEquals(Main.OK, run(server -> {}, "--help"));
        String help = out.toString(StandardCharsets.UTF_8);
        ServerConfig.OPTIONS.forEach(option -> assertTrue(help.contains(option.flag()), option.flag()));
        assertTrue(help.contains("--config"), help);
    }

    @Test
    void aTakenPortIsOneClearLineAndABadSetting() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertEquals(Main.BAD_OPTION, run(server -> {}, "--port", String.valueOf(taken.getLocalPort())));
            assertEquals(
                    "port " + taken.getLocalPort()
                            + " on 127.0.0.1 is taken by another program: end that one, or choose"
                            + " another port (--port; 0 takes a free one)",
                    error().strip());
        }
        assertEquals(1, error().lines().count());
    }

    @Test
    void anAddressOfAnotherMachineIsABadSetting() {
        assertEquals(Main.BAD_OPTION, run(server -> {}, "--host", "192.0.2.1", "--port", "0", "--open"));
        assertEquals("host 192.0.2.1 is no address of this machine: choose one that is (--host)", error().strip());
    }

    @Test
    void aDataDirectoryInUseIsOneLineAndExitCodeOne() {
        String data = directory.resolve("data").toString();
        int code = run(
                server -> assertEquals(Main.CANNOT_START, run(second -> {}, "--port", "0", "--data", data)),
                "--port",
                "0",
                "--data",
                data);
        assertEquals(Main.OK, code);
        assertTrue(error().contains("in use by another server"), error());
    }

    @Test
    void theSummarySaysWhatTheServerDoes() {
        run(
                server -> {
                    String summary = out.toString(StandardCharsets.UTF_8);
                    assertTrue(summary.contains("address     http://127.0.0.1:" + server.port() + "/\n"), summary);
                    assertTrue(summary.contains("sync        ws://127.0.0.1:" + server.port() + "/sync\n"), summary);
                    assertTrue(summary.contains("durability  NONE"), summary);
                    assertTrue(summary.contains("documents 64 MiB"), summary);
                },
                "--port",
                "0");
    }

    @Test
    void answersTheOperator() {
        run(
                server -> {
                    assertEquals(200, get(server.uri().resolve("healthz")).statusCode());
                    assertEquals(200, get(server.uri().resolve("readyz")).statusCode());
                    String metrics = get(server.uri().resolve("metrics")).body();
                    assertTrue(metrics.contains("rejoin_log_up 1.0"), metrics);
                    assertTrue(metrics.contains("rejoin_connections_limit 7.0"), metrics);
                    assertTrue(metrics.contains("rejoin_log_queue_limit_bytes 2097152.0"), metrics);
                },
                "--max-connections",
                "7",
                "--max-backlog",
                "2MiB",
                "--port",
                "0");
    }

    @Test
    void writesOfTheSameProgramAreReadOverHttp() {
        run(
                server -> {
                    server.document("notes/today")
                            .transact(document -> document.counter("visits").increment())
                            .toCompletableFuture()
                            .join();
                    HttpResponse<String> answer = get(server.uri().resolve("v1/documents/notes/today"));
                    assertEquals(200, answer.statusCode());
                    assertTrue(answer.body().contains("\"visits\":1"), answer.body());
                },
                "--port",
                "0",
                "--data",
                directory.resolve("data").toString());
    }

    @Test
    void aContentLargerThanAMessageIsWrittenToAfterARestart() throws Exception {
        Path data = directory.resolve("data");
        for (int start = 0; start < 2; start++) {
            try (SyncServer server = SyncServer.builder().port(0).data(data).start()) {
                for (int i = 0; i < 4; i++) {
                    server.document("a")
                            .transact(document ->
                                    document.content().getText("body").insert(0, "a".repeat(400_000)))
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS);
                }
            }
        }
    }

    @Test
    void aProcessThatIsTerminatedEndsCleanlyAndKeepsItsDocuments() throws Exception {
        Path data = directory.resolve("data");
        Process first = launch(data);
        URI address = address(first);
        HttpResponse<String> written = http.send(
                HttpRequest.newBuilder(address.resolve("v1/documents/a"))
                        .header("Content-Type", "application/json")
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        "{\"mutations\":[{\"path\":[\"tags\"],\"type\":\"set\",\"op\":\"add\",\"value\":\"x\"}]}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(200, written.statusCode(), written.body());
        first.destroy();
        assertTrue(first.waitFor(60, TimeUnit.SECONDS));
        assertEquals(Main.OK, first.exitValue());
        assertTrue(Files.notExists(data.resolve("rejoin.db-wal")), "the log was not closed");
        Process second = launch(data);
        try {
            String body = get(address(second).resolve("v1/documents/a")).body();
            assertTrue(body.contains("\"tags\":[\"x\"]"), body);
        } finally {
            second.destroyForcibly().waitFor();
        }
    }

    private Process launch(Path data) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.rejoin.server.Main"));
        command.addAll(List.of("--port", "0", "--data", data.toString()));
        return new ProcessBuilder(command)
                .redirectError(directory.resolve("errors").toFile())
                .start();
    }

    private static URI address(Process server) throws Exception {
        BufferedReader lines = server.inputReader(StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.strip().startsWith("address")) {
                return URI.create(line.strip().substring("address".length()).strip());
            }
        }
        throw new AssertionError("the server said nothing of its address");
    }

    private String error() {
        return err.toString(StandardCharsets.UTF_8).strip();
    }
}
