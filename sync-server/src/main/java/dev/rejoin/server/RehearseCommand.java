package dev.rejoin.server;

import dev.rejoin.crdt.yjs.YDoc;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * {@code rejoin rehearse}: a server on a directory of its own that serves two editors of its own and ends. Java records in an archive
 * which classes that took, and loads them from there the next time.
 */
final class RehearseCommand implements Command {
    private static final String DOCUMENT = "rehearsal";
    private static final int PATIENCE_SECONDS = 30;

    /* Lead bytes of what stock editors say; docs/reference/editors.md. */
    private static final byte[] ASK_FOR_ALL = {0, 0, 1, 0};
    private static final byte[] UPDATE = {0, 2};
    private static final byte[] NO_TOKEN = {2, 0, 0};

    private final CommandSpec spec = CommandSpec.create().name("rehearse").mixinStandardHelpOptions(true);

    RehearseCommand() {
        spec.usageMessage()
                .description(
                        "Serves a document to itself, for some seconds at most, and ends. For java"
                                + " -XX:ArchiveClassesAtExit=FILE: a server that is started with -XX:SharedArchiveFile=FILE is there sooner.")
                .width(100);
    }

    @Override
    public CommandSpec spec() {
        return spec;
    }

    @Override
    public int run(ParseResult line, Terminal terminal) throws IOException {
        Path data = Files.createTempDirectory("rejoin-rehearsal");
        try {
            rehearse(data);
            return Main.OK;
        } finally {
            delete(data);
        }
    }

    private static void rehearse(Path data) throws IOException {
        ServerConfig config =
                ServerConfig.DEFAULTS.with(ServerConfig.PORT, 0).with(ServerConfig.DATA, Optional.of(data));
        YDoc written = YDoc.create();
        written.getText("text").insert(0, "rehearsed");
        byte[] update = written.encodeStateAsUpdate();
        try (SyncServer server = SyncServer.builder().config(config).start()) {
            String address = server.syncUri().resolve("/").toString();
            Editor first = Editor.connect(URI.create(address + "yjs/" + DOCUMENT));
            first.say(ASK_FOR_ALL);
            first.say(UPDATE, sized(update));
            byte[] name = sized(DOCUMENT.getBytes(StandardCharsets.UTF_8));
            Editor second = Editor.connect(URI.create(address + "hocuspocus"));
            second.say(name, NO_TOKEN);
            second.say(name, ASK_FOR_ALL);
            first.hears("rehearsed");
            second.hears("rehearsed");
            server.metrics().page();
            first.close();
            second.close();
        }
    }

    private static byte[] sized(byte[] bytes) {
        if (bytes.length > 0x7f) {
            throw new IllegalArgumentException(bytes.length + " bytes have no length of one byte");
        }
        return ByteBuffer.allocate(bytes.length + 1)
                .put((byte) bytes.length)
                .put(bytes)
                .array();
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** One of the two. */
    private static final class Editor implements WebSocket.Listener {
        private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
        private final CompletableFuture<String> found = new CompletableFuture<>();
        private @Nullable WebSocket socket;

        static Editor connect(URI address) throws IOException {
            Editor editor = new Editor();
            editor.socket =
                    await(HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(address, editor));
            return editor;
        }

        void say(byte[]... parts) throws IOException {
            ByteArrayOutputStream message = new ByteArrayOutputStream();
            for (byte[] part : parts) {
                message.writeBytes(part);
            }
            await(open().sendBinary(ByteBuffer.wrap(message.toByteArray()), true));
        }

        void hears(String text) throws IOException {
            String all = await(found);
            if (!all.contains(text)) {
                throw new IOException("the rehearsal failed");
            }
        }

        void close() throws IOException {
            await(open().sendClose(WebSocket.NORMAL_CLOSURE, ""));
        }

        private WebSocket open() throws IOException {
            if (socket == null) {
                throw new IOException("the rehearsal did not begin");
            }
            return socket;
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean last) {
            byte[] bytes = new byte[part.remaining()];
            part.get(bytes);
            heard.writeBytes(bytes);
            String all = heard.toString(StandardCharsets.ISO_8859_1);
            if (all.contains("rehearsed")) {
                found.complete(all);
            }
            from.request(1);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable failure) {
            found.completeExceptionally(failure);
        }

        private static <T> T await(CompletableFuture<T> stage) throws IOException {
            try {
                return stage.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException | CompletionException | TimeoutException failure) {
                throw new IOException("the rehearsal failed: " + failure, failure);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IOException(interrupted);
            }
        }
    }
}
