package dev.rejoin.conformance.browser;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The demo as its users run it: {@code java -jar rejoin-demo.jar}, in a process of its own that can be killed. */
final class DemoProcess implements AutoCloseable {
    private static final Path JAR = Path.of("../demo-client/target/rejoin-demo.jar");
    private static final Pattern ADDRESS = Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)/");
    private static final long START_MILLIS = 60_000;
    private static final long LOOK_MILLIS = 20;

    private final Process process;
    private final URI uri;

    private DemoProcess(Process process, URI uri) {
        this.process = process;
        this.uri = uri;
    }

    /** Starts it and waits until it has said where it listens. */
    static DemoProcess start(int port, Path folder) throws IOException, InterruptedException {
        if (!Files.exists(JAR)) {
            throw new IOException("there is no " + JAR + "; mvn verify builds it");
        }
        File output = Files.createTempFile(folder, "demo", ".log").toFile();
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-jar",
                        JAR.toString(),
                        "--port",
                        Integer.toString(port),
                        "--data",
                        folder.resolve("data").toString())
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MILLIS);
        while (process.isAlive() && System.nanoTime() < end) {
            Matcher address = ADDRESS.matcher(Files.readString(output.toPath()));
            if (address.find()) {
                return new DemoProcess(process, URI.create(address.group()));
            }
            Thread.sleep(LOOK_MILLIS);
        }
        process.destroyForcibly();
        throw new IOException("the demo has not started: " + Files.readString(output.toPath()));
    }

    /** Address of the page. */
    URI uri() {
        return uri;
    }

    URI syncUri() {
        return URI.create("ws://127.0.0.1:" + uri.getPort() + "/sync");
    }

    /** Ends it as a power cut would: nothing is flushed, nobody is told. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            kill();
        }
    }
}
