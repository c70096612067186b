package dev.rejoin.conformance.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One run of the runnable server jar on loopback, from its start to its end. */
public final class ServerProcess implements AutoCloseable {
    private static final int SIGKILL_EXIT = 128 + 9;
    private static final int START_SECONDS = 60;
    private static final int END_SECONDS = 30;

    /* Below the range that the kernel hands out, so that nobody takes the port while the server is down. */
    private static final int LOWEST_PORT = 15_000;
    private static final int HIGHEST_PORT = 30_000;

    private final Process process;
    private final Setup setup;
    private final CompletableFuture<URI> address = new CompletableFuture<>();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    /**
     * How a server is started.
     *
     * @param directory holds what the process leaves behind: its log, unpacked libraries, an archive of classes
     * @param jvm options of the virtual machine
     * @param options of the server
     */
    public record Setup(Path directory, List<String> jvm, List<String> options) {
        public Setup {
            jvm = List.copyOf(jvm);
            options = List.copyOf(options);
        }

        /** Everything the server and its virtual machine have said, over all runs. */
        public String log() {
            try {
                return Files.exists(logFile()) ? Files.readString(logFile()) : "";
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Path logFile() {
            return directory.resolve("server.log");
        }

        private Path archive() {
            return directory.resolve("server.jsa");
        }

        /**
         * The same, with the classes of the server in an archive that makes each start about twice as quick. Costs one
         * start and clean end.
         */
        public Setup quickened() throws Exception {
            List<String> recording = new ArrayList<>(jvm);
            recording.add("-XX:ArchiveClassesAtExit=" + archive());
            Path data = directory.resolve("rehearsal");
            List<String> rehearsal = List.of("--port", "0", "--data", data.toString());
            try (ServerProcess once = new Setup(directory, recording, rehearsal).start()) {
                once.get("/v1/documents/none");
                once.terminate();
            }
            List<String> quick = new ArrayList<>(jvm);
            if (Files.exists(archive())) {
                quick.add("-XX:SharedArchiveFile=" + archive());
            }
            return new Setup(directory, quick, options);
        }

        /** Starts the process and does not wait for it. */
        public ServerProcess launch() throws IOException {
            Path jar = Path.of("..", "sync-server", "target", "rejoin-server.jar");
            assertTrue(Files.exists(jar), jar + " is not there; mvn -DskipTests package makes it");
            Path unpacked = Files.createDirectories(directory.resolve("unpacked"));
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(jvm);
            command.add("-Dorg.sqlite.tmpdir=" + unpacked);
            command.add("-jar");
            command.add(jar.toString());
            command.addAll(options);
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(logFile().toFile()))
                    .start();
            return new ServerProcess(process, this);
        }

        /** Starts the process and waits until it serves. */
        public ServerProcess start() throws Exception {
            ServerProcess server = launch();
            server.awaitStart();
            return server;
        }
    }

    private ServerProcess(Process process, Setup setup) {
        this.process = process;
        this.setup = setup;
        Thread reader = new Thread(this::readOutput, "output of server " + process.pid());
        reader.setDaemon(true);
        reader.start();
    }

    /** A port of loopback that is free now and that the kernel gives to nobody who does not ask for it. */
    public static int freePort(Random random) throws IOException {
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

    private void readOutput() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String text = line.strip();
                if (text.startsWith("address")) {
                    address.complete(
                            URI.create(text.substring("address".length()).strip()));
                }
            }
            address.completeExceptionally(new IOException("the server ended without an address"));
        } catch (IOException e) {
            address.completeExceptionally(e);
        }
    }

    /** Waits until it serves. */
    public void awaitStart() throws Exception {
        try {
            address.get(START_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the server did not start; it said: " + setup.log(), e);
        }
    }

    /** Where it serves. */
    public URI uri() {
        return address.join();
    }

    public int port() {
        return uri().getPort();
    }

    /** Address for sync clients. */
    public URI syncUri() {
        return URI.create("ws://" + uri().getAuthority() + "/sync");
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public HttpResponse<byte[]> get(String path) throws Exception {
        return http.send(
                HttpRequest.newBuilder(uri().resolve(path))
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    /** The sum of a meter over its labels; 0 if there is none of that name. */
    public double metric(String name) throws Exception {
        String page = new String(get("/metrics").body(), StandardCharsets.UTF_8);
        return page.lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Has it collect garbage, and returns the bytes of heap that are in use afterwards. */
    public long heapBytesInUse() throws Exception {
        Process collection = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(process.pid()),
                        "GC.run")
                .redirectErrorStream(true)
                .start();
        String said = new String(collection.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, collection.waitFor(), said);
        String page = new String(get("/metrics").body(), StandardCharsets.UTF_8);
        return page.lines()
                .filter(line -> line.startsWith("jvm_memory_used_bytes{") && line.contains("area=\"heap\""))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Stops all its threads at one instant (SIGSTOP), wherever they are. Nothing but {@link #kill} is of use afterwards. */
    public void freeze() throws IOException, InterruptedException {
        Process signal = new ProcessBuilder("kill", "-STOP", Long.toString(process.pid())).start();
        assertEquals(0, signal.waitFor(), "SIGSTOP could not be sent");
    }

    /** Ends it with SIGKILL: it gets to do nothing more. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        assertTrue(process.waitFor(END_SECONDS, TimeUnit.SECONDS), "SIGKILL did not end the process");
        assertEquals(SIGKILL_EXIT, process.exitValue(), "it ended by itself: " + setup.log());
    }

    /** Ends it with SIGTERM: it closes what is open. */
    public void terminate() throws InterruptedException {
        process.destroy();
        assertTrue(process.waitFor(END_SECONDS, TimeUnit.SECONDS), "SIGTERM did not end the process");
        assertEquals(0, process.exitValue(), setup.log());
    }

    /** Waits until it ends by itself, and returns its exit code. */
    public int awaitEnd() throws InterruptedException {
        assertTrue(process.waitFor(END_SECONDS, TimeUnit.SECONDS), "it did not end");
        return process.exitValue();
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly().waitFor(END_SECONDS, TimeUnit.SECONDS);
    }
}
