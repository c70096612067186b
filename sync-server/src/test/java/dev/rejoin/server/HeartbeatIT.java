package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.server.storage.MemoryDeltaLog;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Sockets whose other end is mute, as those of a laptop that was closed. */
class HeartbeatIT {
    private static final long PATIENCE_MILLIS = 60_000;
    private static final byte[] SYNC_STEP_1 = {0, 0, 1, 0};

    /** Takes nothing that comes, pings included, until it is told to. */
    private static final class Mute implements WebSocket.Listener {
        @Override
        public void onOpen(WebSocket webSocket) {}

        @Override
        public CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
            webSocket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onPing(WebSocket webSocket, ByteBuffer message) {
            webSocket.request(1);
            return null;
        }
    }

    @Test
    void anEditorThatAnswersNoPingIsClosedAndOneThatDoesIsNot() throws Exception {
        try (SyncServer server = SyncServer.builder()
                .config(ServerConfig.DEFAULTS.with(ServerConfig.HEARTBEAT, Duration.ofSeconds(3)))
                .port(0)
                .log(new MemoryDeltaLog())
                .start()) {
            WebSocket mute = editor(server);
            WebSocket living = editor(server);
            living.request(1);
            long until = System.currentTimeMillis() + PATIENCE_MILLIS;
            while (connections(server) > 1) {
                assertTrue(System.currentTimeMillis() < until, "a mute editor is kept");
                Thread.sleep(50);
            }
            assertEquals(1, connections(server));
            assertEquals(false, living.isInputClosed());
            mute.abort();
            living.abort();
        }
    }

    private static WebSocket editor(SyncServer server) throws Exception {
        WebSocket socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + "/yjs/d"), new Mute())
                .get(60, TimeUnit.SECONDS);
        socket.sendBinary(ByteBuffer.wrap(SYNC_STEP_1), true).get(60, TimeUnit.SECONDS);
        return socket;
    }

    private static int connections(SyncServer server) {
        return server.metrics()
                .page()
                .lines()
                .filter(line -> line.startsWith("rejoin_connections"))
                .filter(line -> !line.startsWith("rejoin_connections_"))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}
