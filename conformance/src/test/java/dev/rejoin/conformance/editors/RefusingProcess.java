package dev.rejoin.conformance.editors;

import dev.rejoin.server.SyncServer;
import dev.rejoin.server.room.ContentValidator;
import dev.rejoin.server.room.ContentValidator.Decision;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A program that embeds the server and refuses changes that bring in the word "forbidden", or delete a whole text that begins with "keep", in a process of its own that
 * can be killed.
 */
final class RefusingProcess implements AutoCloseable {
    static final String CODE = "forbidden-word";

    private final Process process;
    private final URI address;

    private RefusingProcess(Process process, URI address) {
        this.process = process;
        this.address = address;
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

    /** Serves until it is killed, or its input ends. */
    public static void main(String[] arguments) throws Exception {
        try (SyncServer server = SyncServer.builder()
                .port(Integer.parseInt(arguments[0]))
                .data(Path.of(arguments[1]))
                .contentValidator(validator())
                .start()) {
            System.out.println("at " + server.uri());
            while (System.in.read() >= 0) {
                // somebody still wants it
            }
        }
    }

    static RefusingProcess start(int port, Path data, Path log) throws IOException {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx192m",
                "-cp",
                System.getProperty("java.class.path"),
                RefusingProcess.class.getName(),
                Integer.toString(port),
                data.toString());
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        BufferedReader said = process.inputReader(StandardCharsets.UTF_8);
        for (String line = said.readLine(); line != null; line = said.readLine()) {
            if (line.startsWith("at ")) {
                return new RefusingProcess(process, URI.create(line.substring(3)));
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

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
