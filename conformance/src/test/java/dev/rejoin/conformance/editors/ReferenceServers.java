package dev.rejoin.conformance.editors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.conformance.process.NodePackage;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The servers that the stock editors were made with, from npm, in a process of their own. */
final class ReferenceServers implements AutoCloseable {
    private static final int END_SECONDS = 10;

    private final Process process;
    private final JsonNode ports;

    private ReferenceServers(Process process, JsonNode ports) {
        this.process = process;
        this.ports = ports;
    }

    /** Starts them on free ports of loopback and waits until they listen. */
    static ReferenceServers start() throws IOException {
        Path log = Path.of("target", "reference-servers.log").toAbsolutePath();
        Process process = new ProcessBuilder("node", "reference-servers.mjs")
                .directory(NodePackage.installed("editors").toFile())
                .redirectError(log.toFile())
                .start();
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        String line = output.readLine();
        if (line == null) {
            throw new IOException("the servers have not started, see " + log);
        }
        return new ReferenceServers(process, new ObjectMapper().readTree(line));
    }

    /** Where an editor finds the server of its protocol. */
    URI uri(Editor editor) {
        return editor.speaksHocuspocus()
                ? URI.create("ws://127.0.0.1:" + ports.get("hocuspocus").asInt() + "/hocuspocus")
                : URI.create("ws://127.0.0.1:" + ports.get("y-websocket").asInt() + "/yjs");
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.outputWriter(StandardCharsets.UTF_8).close();
        if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
