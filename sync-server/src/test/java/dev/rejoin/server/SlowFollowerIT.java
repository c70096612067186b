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
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A follower that does not read for a while, on a real socket: what it costs the server, and what it hears afterwards. */
class SlowFollowerIT {
    private static final String SECRET = "a secret that nobody knows, of enough bytes";
    private static final int DOCUMENTS = 400;
    private static final int DOCUMENT_BYTES = 128 << 10;
    private static final int PATIENCE_SECONDS = 60;

    /** The usual ones, but that it does not miss the server, to which it does not listen. */
    private static final LinkOptions OPTIONS =
            new LinkOptions("rejoin", 99, 990, 8 << 20, 1 << 20, 60_000, 1_000, Long.MAX_VALUE);

    /** More than sockets of loopback and the queue of the server hold together, and half of what is written. */
    private static final long MOST_TOLD_BYTES = (long) DOCUMENTS * DOCUMENT_BYTES / 2;

    @TempDir
    private Path directory;

    /** The follower: its session is the real one, and when it reads is up to the test. */
    private static final class Follower implements WebSocket.Listener, FollowerEffects {
        /** The server counts it among its followers: a welcome alone says that it is about to. */
        final CompletableFuture<Void> followed = new CompletableFuture<>();

        final AtomicLong changeBytes = new AtomicLong();
        final Set<String> told = ConcurrentHashMap.newKeySet();
        final Set<String> named = ConcurrentHashMap.newKeySet();
        private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
        private volatile boolean reading = true;
        private volatile String end = "";
        private volatile WebSocket socket;
        private FollowerSession session;

        @Override
        public synchronized void onOpen(WebSocket opened) {
            socket = opened;
            session = new FollowerSession(
                    OPTIONS,
                    new ClusterSecret(SECRET.getBytes(StandardCharsets.UTF_8)),
                    this,
                    new byte[16],
                    System::currentTimeMillis,
                    millis());
            opened.request(1);
        }

        @Override
        public synchronized CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            partial.writeBytes(bytes);
            if (last) {
                session.received(partial.toByteArray(), millis());
                partial.reset();
            }
            if (reading) {
                from.request(1);
            }
            return null;
        }

        /** Says that it is there, which it has to although it does not read. */
        synchronized void tick() {
            session.tick(millis());
        }

        private static long millis() {
            return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
        }

        Set<String> unheard() {
            Set<String> all = new TreeSet<>();
            for (int i = 0; i < DOCUMENTS; i++) {
                all.add("d" + i);
            }
            all.removeAll(told);
            all.removeAll(named);
            return all;
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
            end = why + ": " + message;
            followed.completeExceptionally(new IllegalStateException(end));
        }

        @Override
        public void linked(LinkMessage.Welcome welcome) {}

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
        public void heartbeat(LinkMessage.Heartbeat heartbeat) {
            followed.complete(null);
        }

        @Override
        public void exchanged(long sent, long answered, long received) {}

        @Override
        public void presence(LinkMessage.Presence presence) {}
    }

    @Test
    void nothingIsKeptForItButNamesAndTheyAreToldWhenItReadsAgain() throws Exception {
        Files.writeString(directory.resolve("secret"), SECRET);
        ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
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
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            clock.scheduleWithFixedDelay(follower::tick, 500, 500, TimeUnit.MILLISECONDS);
            follower.followed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            follower.read(false);
            String text = "x".repeat(DOCUMENT_BYTES);
            List<CompletableFuture<?>> writes = new ArrayList<>();
            for (int i = 0; i < DOCUMENTS; i++) {
                writes.add(server.document("d" + i)
                        .transact(each -> each.content().getText("t").insert(0, text))
                        .toCompletableFuture());
            }
            for (CompletableFuture<?> write : writes) {
                write.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            follower.read(true);
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            Set<String> unheard = follower.unheard();
            while (!unheard.isEmpty()) {
                assertTrue(System.nanoTime() < until, follower.end + " not heard of: " + unheard);
                Thread.sleep(20);
                unheard = follower.unheard();
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
        } finally {
            clock.shutdownNow();
        }
    }
}
