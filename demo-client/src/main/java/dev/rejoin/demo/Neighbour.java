package dev.rejoin.demo;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Server A of the page of two servers: a process of its own, so that it can be killed. One thread uses it. */
final class Neighbour {
    private static final int LOWEST_PORT = 15_000;
    private static final int HIGHEST_PORT = 30_000;

    private final int port;
    private final Path data;
    private final Path secret;
    private @Nullable Process process;
    private @Nullable BufferedWriter commands;

    /**
     * A server that is not started yet.
     *
     * @param port where it will listen, over all its starts
     * @param data where it keeps its documents, over all its starts
     * @param secret the file with what both servers know
     */
    Neighbour(int port, Path data, Path secret) {
        this.port = port;
        this.data = data;
        this.secret = secret;
    }

    /** A port that nothing listens on, below those that the system hands out: nobody takes it while this server is down. */
    static int freePort() throws IOException {
        SecureRandom random = new SecureRandom();
        for (int attempt = 0; attempt < 100; attempt++) {
            int port = LOWEST_PORT + random.nextInt(HIGHEST_PORT - LOWEST_PORT);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException taken) {
                continue;
            }
        }
        throw new IOException("no port is free");
    }

    /** Where a browser finds it. */
    URI address() {
        return URI.create("http://127.0.0.1:" + port + "/");
    }

    /** Where the other server finds it. */
    URI peer() {
        return URI.create("ws://127.0.0.1:" + port);
    }

    boolean isUp() {
        return process != null && process.isAlive();
    }

    /**
     * Starts it and returns when it listens.
     *
     * @param peer the address of the server that it exchanges documents with
     * @throws IOException if it does not start; what it said is in the message
     */
    void start(URI peer) throws IOException {
        Process started = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ServerA.class.getName(),
                        Integer.toString(port),
                        data.toString(),
                        peer.toString(),
                        secret.toString()))
                .redirectError(ProcessBuilder.Redirect.appendTo(new File(data + ".log")))
                .start();
        process = started;
        commands = new BufferedWriter(started.outputWriter(StandardCharsets.UTF_8));
        BufferedReader said =
                new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
        String line = said.readLine();
        if (!ServerA.LISTENS.equals(line)) {
            kill();
            throw new IOException("server A has not started, see " + data + ".log");
        }
    }

    /** Has changes from server B reach it late, or not at all. Nothing happens if it does not run. */
    void link(long delayMillis, boolean cut) throws IOException {
        BufferedWriter to = commands;
        if (to != null && isUp()) {
            to.write(delayMillis + " " + cut + "\n");
            to.flush();
        }
    }

    /** Ends it as a power cut would: nothing is flushed, nobody is told. */
    void kill() {
        Process ending = process;
        process = null;
        commands = null;
        if (ending != null) {
            ending.destroyForcibly();
            try {
                ending.waitFor(10, TimeUnit.SECONDS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
