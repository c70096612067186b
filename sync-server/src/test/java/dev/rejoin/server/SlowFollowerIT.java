package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.server.storage.MemoryDeltaLog;
import dev.rejoin.sync.session.ClusterSecret;
import dev.rejoin.sync.session.FollowerEffects;
import dev.rejoin.sync.session.FollowerSession;
import dev.rejoin.sync.session.LinkFailure;
import dev.rejoin.sync.session.LinkOptions;
import dev.rejoin.sync.wire.LinkMessage;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A follower that does not read for a while, on a real socket: what it costs the server, and what it hears afterwards. */
class SlowFollowerIT {
    private static final String SECRET = "a secret that nobody knows, of enough bytes";
    private static final int DOCUMENTS = 400;
    private static final int DOCUMENT_BYTES = 128 << 10;
    private static final long PATIENCE_MILLIS = 20_000;

    /** More than sockets of loopback and the queue of the server hold together, and half of what is written. */
    private static final long MOST_TOLD_BYTES = (long) DOCUMENTS * DOCUMENT_BYTES / 2;

    @TempDir
    private Path directory;

    /** The follower: its session is the real one, and when it reads is up to the test. */
    private static final class Follower implements WebSocket.Listener, FollowerEffects {
        final CompletableFuture<Void> linked = new CompletableFuture<>();
        final AtomicLong changeBytes = new AtomicLong();
        final Set<String> told = ConcurrentHashMap.newKeySet();
        final Set<String> named = ConcurrentHashMap.newKeySet();
        private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
        private volatile boolean reading = true;
        private volatile WebSocket socket;
        private FollowerSession session;

        @Override
        public synchronized void onOpen(WebSocket opened) {
            socket = opened;
            session = new FollowerSession(
                    LinkOptions.of("rejoin", 99, 990, 1 << 20),
                    new ClusterSecret(SECRET.getBytes(StandardCharsets.UTF_8)),
                    this,
                    new byte[16],
                    () -> 0,
                    0);
            opened.request(1);
        }

        @Override
        public synchronized CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            partial.writeBytes(bytes);
            if (last) {
                session.received(partial.toByteArray(), 0);
                partial.reset();
            }
            if (reading) {
                from.request(1);
            }
            return null;
        }

        void read(boolean on) {
            reading = on;
            if (on) {
                socket.request(1);
            }
        }

        @Override
        public void send(byte[] frame) {
            socket.sendBinary(ByteBuffer.wrap(frame), true).join();
        }

        @Override
        public void ended(LinkFailure why, String message) {
            linked.completeExceptionally(new IllegalStateException(why + ": " + message));
        }

        @Override
        public void linked(LinkMessage.Welcome welcome) {
            linked.complete(null);
        }

        @Override
        public void standings(LinkMessage.Standings standings) {
            standings.standings().forEach(one -> named.add(one.document()));
        }

        @Override
        public void change(LinkMessage.Change change) {
            told.add(change.document());
            changeBytes.addAndGet(change.update().length);
        }

        @Override
        public void state(LinkMessage.StateHead head, byte[] fragment, byte[] update) {}

        @Override
        public void heartbeat(LinkMessage.Heartbeat heartbeat) {}

        @Override
        public void exchanged(long sent, long answered, long received) {}

        @Override
        public void presence(LinkMessage.Presence presence) {}
    }

    @Test
    void nothingIsKeptForItButNamesAndTheyAreToldWhenItReadsAgain() throws Exception {
        Files.writeString(directory.resolve("secret"), SECRET);
        try (SyncServer server = SyncServer.builder()
                .config(ServerConfig.DEFAULTS.with(
                        ServerConfig.PEER_SECRET_FILE, Optional.of(directory.resolve("secret"))))
                .port(0)
                .log(new MemoryDeltaLog())
                .start()) {
            Follower follower = new Follower();
            WebSocket socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + "/peers"), follower)
                    .get(10, TimeUnit.SECONDS);
            follower.linked.get(10, TimeUnit.SECONDS);
            follower.read(false);
            String text = "x".repeat(DOCUMENT_BYTES);
            List<CompletableFuture<?>> writes = new ArrayList<>();
            for (int i = 0; i < DOCUMENTS; i++) {
                writes.add(server.document("d" + i)
                        .transact(each -> each.content().getText("t").insert(0, text))
                        .toCompletableFuture());
            }
            for (CompletableFuture<?> write : writes) {
                write.get(30, TimeUnit.SECONDS);
            }
            follower.read(true);
            long until = System.currentTimeMillis() + PATIENCE_MILLIS;
            while (heard(follower) < DOCUMENTS) {
                assertTrue(System.currentTimeMillis() < until, "only " + heard(follower) + " documents are heard of");
                Thread.sleep(20);
            }
            assertTrue(
                    follower.changeBytes.get() < MOST_TOLD_BYTES,
                    follower.changeBytes + " bytes were kept for a follower that did not read");
            assertTrue(follower.named.size() >= DOCUMENTS / 2, "only " + follower.named.size() + " are told by name");
            double behind = server.metrics()
                    .page()
                    .lines()
                    .filter(line -> line.startsWith("rejoin_replication_followers_behind_total"))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
            assertEquals(1, behind);
            socket.abort();
        }
    }

    private static int heard(Follower follower) {
        Set<String> all = ConcurrentHashMap.newKeySet();
        all.addAll(follower.told);
        all.addAll(follower.named);
        return all.size();
    }
}
