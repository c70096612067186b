package dev.rejoin.conformance.editors;

import dev.rejoin.conformance.process.ServerProcess;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A server process that asks editors for a token, can be killed under them, and is then at the same port again. */
final class TokenServer implements AutoCloseable {
    private final ServerProcess.Setup setup;
    private ServerProcess running;

    private TokenServer(ServerProcess.Setup setup) throws Exception {
        this.setup = setup;
        this.running = setup.start();
    }

    /** With what it keeps in this directory. */
    static TokenServer start(Path directory, String... options) throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), Tokens.SECRET);
        List<String> all = new ArrayList<>(List.of(
                "--port",
                Integer.toString(ServerProcess.freePort(new Random())),
                "--data",
                directory.resolve("data").toString(),
                "--jwt-secret-file",
                secret.toString()));
        all.addAll(List.of(options));
        return new TokenServer(new ServerProcess.Setup(directory, List.of("-Xmx256m"), all));
    }

    void kill() throws InterruptedException {
        running.kill();
    }

    /** After it was killed. */
    void startAgain() throws Exception {
        running = setup.start();
    }

    URI uri() {
        return running.uri();
    }

    double metric(String name) throws Exception {
        return running.metric(name);
    }

    /** An editor that shows this token, in the way of its protocol. */
    StockClient.Setup client(Editor editor, String document, String token) {
        String path = editor.speaksHocuspocus() ? "/hocuspocus" : "/yjs";
        StockClient.Setup client = StockClient.of(editor, URI.create("ws://" + uri().getAuthority() + path), document);
        return editor.speaksHocuspocus() ? client.token(token) : client.params(Map.of("token", token));
    }

    @Override
    public void close() throws InterruptedException {
        running.close();
    }
}
