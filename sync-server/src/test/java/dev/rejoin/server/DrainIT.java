package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.sync.wire.AckLevel;
import dev.rejoin.sync.wire.Failure;
import dev.rejoin.sync.wire.ServerMessage;
import dev.rejoin.sync.wire.Update;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that is told to end lets its clients go one after the other, each with what it was owed. */
@Timeout(120)
final class DrainIT {
    private static final int GOING_AWAY_FOR_A_RESTART = 1012;
    private static final int PATIENCE_SECONDS = 60;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    Path directory;

    /** A WebSocket of a stock provider that says nothing; the number with which it was closed is all that counts. */
    private static final class Editor implements WebSocket.Listener {
        final CompletableFuture<Integer> closed = new CompletableFuture<>();

        static Editor connect(URI address) throws Exception {
            Editor editor = new Editor();
            HTTP.newWebSocketBuilder().buildAsync(address, editor).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return editor;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable failure) {
            closed.completeExceptionally(failure);
        }
    }

    private Process launch(String drain) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.rejoin.server.Main",
                        "--port",
                        "0",
                        "--data",
                        directory.resolve("data").toString(),
                        // longer than it takes to connect everybody on a machine with other work: some peers here say
                        // nothing
                        "--heartbeat",
                        "1m",
                        "--drain",
                        drain)
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("errors").toFile()))
                .start();
    }

    private static URI address(Process server) throws IOException {
        BufferedReader lines = server.inputReader(StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.strip().startsWith("address")) {
                return URI.create(line.strip().substring("address".length()).strip());
            }
        }
        throw new AssertionError("the server said nothing of its address");
    }

    private static URI ws(URI address, String path) {
        return URI.create("ws://" + address.getAuthority() + path);
    }

    /** An HTTP connection that stays open. */
    private static String ask(Socket socket, String path) throws IOException {
        socket.getOutputStream()
                .write(("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        byte[] buffer = new byte[4_096];
        int length = socket.getInputStream().read(buffer);
        return length < 0
                ? ""
                : new String(buffer, 0, length, StandardCharsets.US_ASCII)
                        .lines()
                        .findFirst()
                        .orElse("");
    }

    private static List<CompletableFuture<Integer>> editors(URI address, int each) throws Exception {
        List<CompletableFuture<Integer>> closed = new ArrayList<>();
        for (int i = 0; i < each; i++) {
            closed.add(Editor.connect(ws(address, "/yjs/doc" + i % 4)).closed);
            closed.add(Editor.connect(ws(address, "/hocuspocus")).closed);
        }
        return closed;
    }

    @Test
    void theFirstSignalStaggersAndTheSecondHurries() throws Exception {
        Process server = launch("10m");
        try {
            URI address = address(server);
            List<CompletableFuture<Integer>> closed = new ArrayList<>(editors(address, 20));
            List<TestPeer> peers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                TestPeer peer = TestPeer.random().connect(ws(address, "/sync"));
                peer.hello("notes");
                peers.add(peer);
                closed.add(peer.closed);
            }
            try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), address.getPort())) {
                assertEquals("HTTP/1.1 200 OK", ask(probe, "/readyz"));
                server.destroy(); // SIGTERM
                assertEquals(
                        GOING_AWAY_FOR_A_RESTART,
                        CompletableFuture.anyOf(closed.toArray(new CompletableFuture<?>[0]))
                                .get(PATIENCE_SECONDS, TimeUnit.SECONDS));
                assertEquals("HTTP/1.1 503 Service Unavailable", ask(probe, "/readyz"));
            }
            assertThrows(
                    ConnectException.class,
                    () -> new Socket(InetAddress.getLoopbackAddress(), address.getPort()).close());
            TestPeer waiting = peers.stream()
                    .filter(peer -> !peer.closed.isDone())
                    .findFirst()
                    .orElseThrow();
            waiting.submit(Fragments.add(waiting.replica, 1, "tags", "late"));
            assertEquals(AckLevel.DURABLE, waiting.update().level(), "who is still there is still served");
            long open = closed.stream().filter(close -> !close.isDone()).count();
            assertTrue(open > closed.size() / 2, open + " of " + closed.size() + " are left");
            server.destroy();
            assertTrue(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), () -> "it did not hurry\n" + errors());
            assertEquals(0, server.exitValue(), () -> errors());
            for (CompletableFuture<Integer> close : closed) {
                assertEquals(GOING_AWAY_FOR_A_RESTART, close.get(PATIENCE_SECONDS, TimeUnit.SECONDS), () -> errors());
            }
        } finally {
            server.destroyForcibly().waitFor();
        }
        assertTrue(Files.notExists(directory.resolve("data").resolve("rejoin.db-wal")), "the log was not closed");
        try (SyncServer again =
                SyncServer.builder().port(0).data(directory.resolve("data")).start()) {
            assertTrue(again.document("notes")
                    .read()
                    .toCompletableFuture()
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .orElseThrow()
                    .snapshot()
                    .toMap()
                    .toString()
                    .contains("late"));
        }
    }

    @Test
    void oneSignalIsEnoughAndWhatWasAcknowledgedStays() throws Exception {
        long acknowledged;
        Process server = launch("400ms");
        try {
            URI address = address(server);
            List<CompletableFuture<Integer>> closed = editors(address, 100);
            TestPeer writer = TestPeer.random().connect(ws(address, "/sync"));
            writer.hello("notes");
            int writes = 50;
            for (int i = 1; i <= writes; i++) {
                writer.submit(Fragments.add(writer.replica, i, "tags", "tag" + i));
            }
            server.destroy();
            assertTrue(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), () -> "it did not end\n" + errors());
            assertEquals(0, server.exitValue(), () -> errors());
            for (CompletableFuture<Integer> close : closed) {
                assertEquals(GOING_AWAY_FOR_A_RESTART, close.get(PATIENCE_SECONDS, TimeUnit.SECONDS), () -> errors());
            }
            assertEquals(GOING_AWAY_FOR_A_RESTART, writer.closeCode());
            acknowledged = acknowledged(writer);
        } finally {
            server.destroyForcibly().waitFor();
        }
        try (SyncServer again =
                SyncServer.builder().port(0).data(directory.resolve("data")).start()) {
            List<String> tags = again.document("notes")
                    .read()
                    .toCompletableFuture()
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .orElseThrow()
                    .snapshot()
                    .set("tags", ValueCodec.STRING);
            for (long i = 1; i <= acknowledged; i++) {
                assertTrue(tags.contains("tag" + i), "tag" + i + " was acknowledged and is not in " + tags);
            }
        }
    }

    /** Up to where the peer was told that its writes are durable, before it was told why that is all. */
    private static long acknowledged(TestPeer peer) throws Exception {
        long through = 0;
        for (ServerMessage next = peer.next(ServerMessage.class); ; next = peer.next(ServerMessage.class)) {
            if (next instanceof Update update) {
                through = Math.max(through, update.ackedThrough());
            } else if (next instanceof Failure failure) {
                assertEquals("shutting-down", failure.code());
                return through;
            }
        }
    }

    private String errors() {
        try {
            return Files.readString(directory.resolve("errors"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
