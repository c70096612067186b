package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code deploy/Dockerfile} says holds for the jar that was packaged. No image is built: its commands run as they are. */
@Timeout(120)
final class ImageIT {
    private static final int LOWEST_PORT = 15_000;
    private static final int HIGHEST_PORT = 30_000;
    private static final Path JAR = Path.of("target", "rejoin-server.jar");
    private static final Pattern USER = Pattern.compile("([1-9][0-9]*):([1-9][0-9]*)");

    @TempDir
    Path directory;

    private final List<String> instructions = instructions();

    @Test
    void nothingRunsAsRoot() {
        Matcher user = USER.matcher(only("USER"));
        assertTrue(user.matches(), only("USER"));
        String made = only("RUN");
        assertEquals("install -d -o " + user.group(1) + " -g " + user.group(2) + " -m 0700 " + only("VOLUME"), made);
        assertTrue(
                position("RUN") < position("USER") && position("COPY") < position("USER"),
                "nothing but settings follows");
        assertTrue(position("RUN") < position("VOLUME"), "the volume takes its owner from the directory");
    }

    @Test
    void itServesTheJarThatIsBuiltOnThePortThatItNames() throws IOException {
        String[] copy = only("COPY").split(" ");
        assertEquals(2, copy.length);
        assertTrue(Files.isRegularFile(JAR.resolveSibling(copy[0])), copy[0] + " is not built");
        List<String> start = array(only("ENTRYPOINT"));
        assertEquals(copy[1], start.get(start.size() - 1));
        assertEquals(environment().get(ServerConfig.PORT.variable()), only("EXPOSE"));
        assertEquals(environment().get(ServerConfig.DATA.variable()), only("VOLUME"));
        ServerConfig config = ServerConfig.collect(Map.of(), environment());
        assertEquals("0.0.0.0", config.get(ServerConfig.HOST));
    }

    @Test
    void itDoesNotStartOpenToEverybodyUnasked() throws Exception {
        Process server = start(environment());
        assertTrue(server.waitFor(60, TimeUnit.SECONDS));
        assertEquals(Main.BAD_OPTION, server.exitValue());
    }

    @Test
    void itIsHealthyWhileItServesAndUnhealthyOtherwise() throws Exception {
        Map<String, String> environment = environment();
        environment.put(ServerConfig.HOST.variable(), "127.0.0.1");
        environment.put(ServerConfig.PORT.variable(), String.valueOf(freePort()));
        environment.put(ServerConfig.DATA.variable(), directory.resolve("data").toString());
        assertNotEquals(0, health(environment));
        Process server = start(environment);
        try {
            while (health(environment) != 0) {
                assertTrue(server.isAlive(), () -> "ended: " + server.exitValue());
                TimeUnit.MILLISECONDS.sleep(200);
            }
            assertTrue(Files.exists(directory.resolve("data").resolve("rejoin.db")));
            server.destroy();
            assertTrue(server.waitFor(60, TimeUnit.SECONDS));
            assertEquals(Main.OK, server.exitValue());
            assertNotEquals(0, health(environment));
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    @Test
    void itIsUnhealthyWhenTheServerSaysThatItIsNotReady() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Map<String, String> environment = environment();
            environment.put(ServerConfig.PORT.variable(), String.valueOf(socket.getLocalPort()));
            for (String status : List.of("200 OK", "503 Service Unavailable")) {
                Process asking = run(healthCommand(), environment);
                try (var asked = socket.accept()) {
                    // read it all: a socket that is closed with something unread is reset, answer and all
                    BufferedReader request = new BufferedReader(
                            new InputStreamReader(asked.getInputStream(), StandardCharsets.US_ASCII));
                    while (!request.readLine().isEmpty()) {
                        // the request has no body
                    }
                    asked.getOutputStream()
                            .write(("HTTP/1.1 " + status + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                }
                assertTrue(asking.waitFor(60, TimeUnit.SECONDS));
                assertEquals(status.startsWith("200"), asking.exitValue() == 0, status);
            }
        }
    }

    private Process start(Map<String, String> environment) throws IOException {
        List<String> command = new ArrayList<>(array(only("ENTRYPOINT")));
        assertEquals("java", command.get(0));
        command.set(0, Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.set(command.size() - 1, JAR.toString());
        return run(command, environment);
    }

    private int health(Map<String, String> environment) throws Exception {
        Process asking = run(healthCommand(), environment);
        assertTrue(asking.waitFor(60, TimeUnit.SECONDS));
        return asking.exitValue();
    }

    private List<String> healthCommand() throws IOException {
        String check = only("HEALTHCHECK");
        return array(check.substring(check.indexOf("CMD ") + 4));
    }

    private static Process run(List<String> command, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().keySet().removeIf(name -> name.startsWith("REJOIN_"));
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** A port of loopback that is free now and that the kernel gives to nobody who does not ask for it. */
    private static int freePort() throws IOException {
        Random random = new Random();
        for (int attempt = 0; attempt < 100; attempt++) {
            int port = LOWEST_PORT + random.nextInt(HIGHEST_PORT - LOWEST_PORT);
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return probe.getLocalPort();
            } catch (IOException taken) {
                continue;
            }
        }
        throw new IOException("no port is free");
    }

    private Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>();
        for (String setting : only("ENV").split(" ")) {
            String[] parts = setting.split("=", 2);
            environment.put(parts[0], parts[1]);
        }
        return environment;
    }

    /** What follows an instruction that is there once. */
    private String only(String keyword) {
        return instructions
                .get(position(keyword))
                .substring(keyword.length() + 1)
                .strip();
    }

    private int position(String keyword) {
        List<String> found = instructions.stream()
                .filter(line -> line.startsWith(keyword + " "))
                .toList();
        assertEquals(1, found.size(), keyword);
        return instructions.indexOf(found.get(0));
    }

    private static List<String> array(String json) throws IOException {
        List<String> words = new ArrayList<>();
        new ObjectMapper().readTree(json).forEach(word -> words.add(word.asText()));
        assertFalse(words.isEmpty(), json);
        return words;
    }

    private static List<String> instructions() {
        try {
            return Files.readString(Path.of("deploy", "Dockerfile"))
                    .replaceAll("(?m)^#.*\n", "")
                    .replaceAll("\\\\\n\\s*", "")
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList();
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }
}
