package dev.rejoin.benchmarks.server;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A server under measurement: a process of its own, with a dialect to speak to it. */
final class Contender implements AutoCloseable {
    private static final long STARTING_SECONDS = 60;
    private static final long STOPPING_SECONDS = 20;
    private static final int POLL_MILLIS = 2;

    private final String name;
    private final Dialect dialect;
    private final String pathPrefix;
    private final Process process;
    private final InetSocketAddress address;

    private Contender(String name, Dialect dialect, String pathPrefix, Process process, InetSocketAddress address) {
        this.name = name;
        this.dialect = dialect;
        this.pathPrefix = pathPrefix;
        this.process = process;
        this.address = address;
    }

    /** Ours, as it is run in production, on a port of its own with its documents in a directory. */
    static Contender rejoin(Path checkout, Path data) {
        return rejoin("Rejoin", checkout, checkout.resolve("sync-server/target/rejoin-server.jar"), data);
    }

    /** Ours from another jar, to see what a change has brought. */
    static Contender before(Path checkout, Path jar, Path data) {
        return rejoin("before", checkout, jar, data);
    }

    private static Contender rejoin(String name, Path checkout, Path jar, Path data) {
        List<String> command = new ArrayList<>(List.of(java()));
        command.addAll(productionFlags(checkout.resolve("sync-server/deploy/rejoin.service")));
        int port = freePort();
        command.addAll(List.of("-jar", jar.toString(), "--port", Integer.toString(port), "--data", data.toString()));
        return start(name, Dialect.Y_WEBSOCKET, "/yjs/", command, Map.of(), port, data.resolveSibling(name + ".log"));
    }

    /** The flags for Java in the unit that we ship: what is measured is what is run. */
    private static List<String> productionFlags(Path unit) {
        try {
            String line = Files.readAllLines(unit).stream()
                    .filter(candidate -> candidate.startsWith("ExecStart="))
                    .findFirst()
                    .orElseThrow();
            return Stream.of(line.split(" "))
                    .filter(word -> word.startsWith("-X"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The least that a server has to do: {@link Floor}. */
    static Contender floor(Path work) {
        int port = freePort();
        List<String> command =
                List.of(java(), "-XX:+UseSerialGC", "-cp", ownClasses(), Floor.class.getName(), Integer.toString(port));
        return start("floor", Dialect.Y_WEBSOCKET, "/", command, Map.of(), port, work.resolve("floor.log"));
    }

    static Contender yWebsocketServer(Path peers, Path work) {
        int port = freePort();
        return start(
                "@y/websocket-server",
                Dialect.Y_WEBSOCKET,
                "/",
                List.of(
                        "node",
                        peers.resolve("node_modules/@y/websocket-server/src/server.js")
                                .toString()),
                Map.of("HOST", "127.0.0.1", "PORT", Integer.toString(port)),
                port,
                work.resolve("y-websocket-server.log"));
    }

    static Contender hocuspocus(Path peers, Path work) {
        int port = freePort();
        return start(
                "@hocuspocus/server",
                Dialect.HOCUSPOCUS,
                "",
                List.of("node", peers.resolve("hocuspocus.mjs").toString(), Integer.toString(port)),
                Map.of(),
                port,
                work.resolve("hocuspocus.log"));
    }

    private static String ownClasses() {
        try {
            return Path.of(Floor.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Contender start(
            String name,
            Dialect dialect,
            String pathPrefix,
            List<String> command,
            Map<String, String> environment,
            int port,
            Path log) {
        try {
            File output = log.toFile();
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output);
            builder.environment().putAll(environment);
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            Contender started = new Contender(name, dialect, pathPrefix, builder.start(), address);
            Runtime.getRuntime().addShutdownHook(new Thread(started.process::destroyForcibly));
            started.awaitPort(log);
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitPort(Path log) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STARTING_SECONDS);
        while (true) {
            try (Socket socket = new Socket()) {
                socket.connect(address);
                return;
            } catch (IOException notYet) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    close();
                    throw new IOException(name + " does not start: " + Files.readString(log), notYet);
                }
                pause(POLL_MILLIS);
            }
        }
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The same process, spoken to as editors of Hocuspocus do. */
    Contender overHocuspocus() {
        return new Contender(name + " over Hocuspocus", Dialect.HOCUSPOCUS, "/hocuspocus", process, address);
    }

    String name() {
        return name;
    }

    Dialect dialect() {
        return dialect;
    }

    InetSocketAddress address() {
        return address;
    }

    String path(String document) {
        if (dialect == Dialect.Y_WEBSOCKET) {
            return pathPrefix + document;
        }
        return pathPrefix.isEmpty() ? "/" : pathPrefix;
    }

    long pid() {
        return process.pid();
    }

    Usage usage() {
        return Usage.of(pid());
    }

    /** Waits until it has nothing left to do, but no longer than 20 s. */
    void rest() {
        for (int i = 0; i < 40; i++) {
            double before = usage().seconds();
            pause(500);
            if (usage().seconds() - before <= 0.02) {
                return;
            }
        }
    }

    /** Has the Java machine of the server collect its garbage, and returns the bytes of the heap that are in use then. */
    long liveHeapBytes() {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        try {
            Process histogram = new ProcessBuilder(jcmd, Long.toString(pid()), "GC.class_histogram")
                    .redirectErrorStream(true)
                    .start();
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(histogram.getInputStream(), StandardCharsets.UTF_8))) {
                return lines.lines()
                        .filter(line -> line.startsWith("Total"))
                        .mapToLong(line -> Long.parseLong(line.trim().split("\\s+")[2]))
                        .findFirst()
                        .orElseThrow(() -> new IllegalStateException("jcmd says nothing of the heap of " + name));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the process and waits for it. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOPPING_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    static void deleteTree(Path root) {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> all = Files.walk(root)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
