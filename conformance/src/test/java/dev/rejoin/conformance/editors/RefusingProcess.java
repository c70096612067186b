package dev.rejoin.conformance.editors;

import dev.rejoin.server.ServerConfig;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.room.ContentValidator;
import dev.rejoin.server.room.ContentValidator.Decision;
import dev.rejoin.server.room.RoomHandle;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A program that embeds the server and refuses changes that bring in the word "forbidden", or delete a whole text that begins with "keep", in a process of its own that
 * can be killed.
 */
final class RefusingProcess implements AutoCloseable {
    static final String CODE = "forbidden-word";

    private final Process process;
    private final URI address;
    private final BufferedReader said;

    private RefusingProcess(Process process, URI address, BufferedReader said) {
        this.process = process;
        this.address = address;
        this.said = said;
    }

    static ContentValidator validator() {
        return change -> {
            if (change.bringsIn("forbidden")) {
                return Decision.reject(CODE, "that word is not allowed here");
            }
            boolean empties = change.edits().stream()
                    .anyMatch(edit ->
                            edit.textAfter().isEmpty() && edit.textBefore().startsWith("keep"));
            boolean resets =
                    change.edits().stream().anyMatch(edit -> edit.textAfter().contains("reset me"));
            if (resets) {
                return Decision.reject(CODE, "begin again").with(ContentValidator.Remedy.RESET_SENDER);
            }
            return empties ? Decision.reject("protected", "this text stays") : Decision.accept();
        };
    }

    /**
     * Serves until it is killed, or its input ends. A line of it that begins with "delete" or "anew" deletes the document that it names, or begins it anew.
     *
     * @param arguments port and folder of the data, and in a cluster the file with its secret and the addresses of the others
     */
    public static void main(String[] arguments) throws Exception {
        ServerConfig config = ServerConfig.DEFAULTS;
        if (arguments.length > 2) {
            config = config.with(ServerConfig.PEER_SECRET_FILE, Optional.of(Path.of(arguments[2])))
                    .with(
                            ServerConfig.PEERS,
                            Arrays.stream(arguments).skip(3).map(URI::create).toList());
        }
        try (SyncServer server = SyncServer.builder()
                .config(config)
                .port(Integer.parseInt(arguments[0]))
                .data(Path.of(arguments[1]))
                .contentValidator(validator())
                .start()) {
            System.out.println("at " + server.uri());
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                RoomHandle document = server.document(line.substring(line.indexOf(' ') + 1));
                (line.startsWith("delete") ? document.delete() : document.beginAnew())
                        .toCompletableFuture()
                        .get();
                System.out.println("done");
            }
        }
    }

    /** @param cluster the file with the secret of a cluster and the addresses of its other servers; nothing for a server alone */
    static RefusingProcess start(int port, Path data, Path log, String... cluster) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx192m",
                "-cp",
                System.getProperty("java.class.path"),
                RefusingProcess.class.getName(),
                Integer.toString(port),
                data.toString()));
        command.addAll(List.of(cluster));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        BufferedReader said = process.inputReader(StandardCharsets.UTF_8);
        for (String line = said.readLine(); line != null; line = said.readLine()) {
            if (line.startsWith("at ")) {
                return new RefusingProcess(process, URI.create(line.substring(3)), said);
            }
        }
        throw new IOException("the server has ended; " + log + " says why");
    }

    URI address(Editor editor) {
        return URI.create("ws://" + address.getAuthority() + (editor.speaksHocuspocus() ? "/hocuspocus" : "/yjs"));
    }

    int port() {
        return address.getPort();
    }

    URI http() {
        return address;
    }

    /** Has the program delete a document, or begin it anew, and waits until that is durable. */
    void ask(String what, String document) throws IOException {
        process.outputWriter(StandardCharsets.UTF_8)
                .append(what + " " + document + "\n")
                .flush();
        String answer = said.readLine();
        if (!"done".equals(answer)) {
            throw new IOException(what + " " + document + ": " + answer);
        }
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
