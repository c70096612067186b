package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a receiver of webhooks can rely on, with a real one that fails, hangs and recovers. */
@Timeout(120)
class WebhooksIT {
    private static final String SECRET = "a secret that only the two of us know";

    @TempDir
    Path folder;

    @Test
    void aReceiverIsToldSignedWhatIsCreatedAndChanged() throws Exception {
        try (Receiver receiver = new Receiver();
                SyncServer server = server(receiver.uri)) {
            server.document("notes/ü").transact(notes -> notes.counter("n").increment());
            server.document("notes/ü")
                    .transact(notes -> notes.content().getText("t").insert(0, "x"));
            Received first = receiver.take();
            assertEquals("document.created", first.body.path("type").asText());
            assertEquals("notes/ü", first.body.path("data").path("document").asText());
            assertTrue(first.isSigned(), "signature");
            var read = server.document("notes/ü")
                    .read()
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS)
                    .orElseThrow();
            assertEquals(
                    String.format("%016x", read.epoch()),
                    first.body.path("data").path("epoch").asText());
            long told =
                    first.body.path("data").path("position").path("sequence").asLong();
            for (Received next = first; told < read.position().sequence(); ) {
                next = receiver.take();
                told = next.body.path("data").path("position").path("sequence").asLong();
            }
            server.document("notes/ü").transact(notes -> notes.counter("n").increment());
            receiver.take("document.changed");
            server.document("notes/ü").delete().toCompletableFuture().get(60, TimeUnit.SECONDS);
            receiver.take("document.deleted");
            server.document("notes/ü").restore().toCompletableFuture().get(60, TimeUnit.SECONDS);
            Received restored = receiver.take("document.created");
            assertNotEquals(
                    first.body.path("data").path("epoch"),
                    restored.body.path("data").path("epoch"));
        }
    }

    @Test
    void aReceiverThatFailsIsToldAgainWithTheSameId() throws Exception {
        try (Receiver receiver = new Receiver();
                SyncServer server = server(receiver.uri)) {
            receiver.status = 500;
            server.document("d").transact(document -> document.counter("n").increment());
            // that it was created and that it was changed may be two events, joined under another id when the first one
            // fails
            Set<String> ids = new HashSet<>();
            Received again = receiver.take();
            while (ids.add(again.id)) {
                again = receiver.take();
            }
            receiver.status = 204;
            assertTrue(again.isSigned());
            await(() -> metric(server, "rejoin_webhooks_waiting") == 0);
            assertEquals(1, metric(server, "rejoin_webhooks_delivered_total"));
            assertTrue(metric(server, "rejoin_webhooks_failed_total") >= 1);
        }
    }

    @Test
    void aReceiverThatHangsDelaysNeitherWritersNorOtherReceivers() throws Exception {
        try (Receiver hangs = new Receiver();
                Receiver works = new Receiver();
                SyncServer server = server(hangs.uri, works.uri)) {
            hangs.hold = new CountDownLatch(1);
            for (int i = 0; i < 50; i++) {
                server.document("d" + i)
                        .transact(document -> document.counter("n").increment())
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS);
            }
            List<String> told = new ArrayList<>();
            while (told.size() < 50) {
                String document =
                        works.take().body.path("data").path("document").asText();
                if (!told.contains(document)) {
                    told.add(document);
                }
            }
            assertTrue(hangs.received.size() <= 8, "under way: " + hangs.received.size());
            await(() -> metric(server, "rejoin_webhooks_waiting") == 50);
            hangs.hold.countDown();
            await(() -> metric(server, "rejoin_webhooks_waiting") == 0);
        }
    }

    @Test
    void aReceiverThatIsAwayIsToldOnceWhereEachDocumentIsWhenItComesBack() throws Exception {
        try (Receiver receiver = new Receiver();
                SyncServer server = server(receiver.uri)) {
            receiver.status = 503;
            List<CompletableFuture<?>> writes = new ArrayList<>();
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 8; i++) {
                    writes.add(server.document("d" + i)
                            .transact(document -> document.counter("n").increment())
                            .toCompletableFuture());
                }
                Thread.sleep(30);
            }
            for (CompletableFuture<?> write : writes) {
                write.get(60, TimeUnit.SECONDS);
            }
            await(() -> metric(server, "rejoin_webhooks_circuits_open") == 1);
            receiver.status = 200;
            await(() -> metric(server, "rejoin_webhooks_waiting") == 0);
            assertEquals(0, metric(server, "rejoin_webhooks_circuits_open"));
            for (int i = 0; i < 8; i++) {
                String name = "d" + i;
                long last = server.document(name)
                        .read()
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS)
                        .orElseThrow()
                        .position()
                        .sequence();
                assertEquals(
                        last,
                        receiver.taken.stream()
                                .filter(each -> each.document().equals(name))
                                .mapToLong(Received::sequence)
                                .max()
                                .orElse(-1));
            }
        }
    }

    @Test
    void whatIsStillToBeToldWhenTheServerEndsIsCountedAsLost() throws Exception {
        try (Receiver receiver = new Receiver()) {
            receiver.status = 503;
            SyncServer server = server(receiver.uri);
            server.document("d")
                    .transact(document -> document.counter("n").increment())
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
            server.close();
            assertEquals(1, metric(server, "rejoin_webhooks_dead_total{reason=\"closed\"}"));
        }
    }

    @Test
    void aRedirectIsNotFollowed() throws Exception {
        try (Receiver elsewhere = new Receiver();
                Receiver receiver = new Receiver();
                SyncServer server = server(receiver.uri)) {
            receiver.location = elsewhere.uri;
            receiver.status = 307;
            server.document("d").transact(document -> document.counter("n").increment());
            receiver.take();
            receiver.take();
            assertTrue(elsewhere.received.isEmpty());
        }
    }

    @Test
    void deliveriesAreSignedOrNotMade() throws Exception {
        ServerConfig config = ServerConfig.DEFAULTS
                .with(ServerConfig.PORT, 0)
                .with(ServerConfig.WEBHOOK_URL, List.of(URI.create("http://127.0.0.1:1/")));
        BadOptionException lacking = assertThrows(
                BadOptionException.class,
                () -> SyncServer.builder().config(config).start());
        assertTrue(String.valueOf(lacking.getMessage()).contains("webhook-secret-file"), lacking.getMessage());
        Path secret = Files.writeString(folder.resolve("short"), "too short");
        BadOptionException shortOne = assertThrows(
                BadOptionException.class,
                () -> SyncServer.builder()
                        .config(config.with(ServerConfig.WEBHOOK_SECRET_FILE, Optional.of(secret)))
                        .start());
        assertFalse(String.valueOf(shortOne.getMessage()).contains("too short"), shortOne.getMessage());
    }

    private SyncServer server(URI... urls) throws IOException {
        return SyncServer.builder()
                .config(ServerConfig.DEFAULTS
                        .with(ServerConfig.PORT, 0)
                        .with(ServerConfig.WEBHOOK_URL, List.of(urls))
                        .with(ServerConfig.WEBHOOK_DELAY, Duration.ofMillis(10))
                        .with(
                                ServerConfig.WEBHOOK_SECRET_FILE,
                                Optional.of(Files.writeString(folder.resolve("secret"), SECRET + "\n"))))
                .start();
    }

    private static double metric(SyncServer server, String name) {
        return server.metrics()
                .page()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElse(0);
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(10); // the timeout of the class ends it
        }
    }

    /** One delivery. */
    private static final class Received {
        final String id;
        final JsonNode body;
        private final byte[] bytes;
        private final String timestamp;
        private final String signature;

        Received(HttpExchange exchange) throws IOException {
            id = exchange.getRequestHeaders().getFirst("webhook-id");
            timestamp = exchange.getRequestHeaders().getFirst("webhook-timestamp");
            signature = exchange.getRequestHeaders().getFirst("webhook-signature");
            bytes = exchange.getRequestBody().readAllBytes();
            body = new ObjectMapper().readTree(bytes);
        }

        String document() {
            return body.path("data").path("document").asText();
        }

        long sequence() {
            return body.path("data").path("position").path("sequence").asLong();
        }

        /** As a receiver checks it. */
        boolean isSigned() throws Exception {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            return signature.equals("v1," + Base64.getEncoder().encodeToString(mac.doFinal(bytes)))
                    && Math.abs(Long.parseLong(timestamp) - System.currentTimeMillis() / 1_000) < 300;
        }
    }

    /** Somebody else's program. */
    private static final class Receiver implements AutoCloseable {
        final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
        final BlockingQueue<Received> taken = new LinkedBlockingQueue<>();
        final URI uri;
        volatile int status = 204;
        volatile URI location = URI.create("/");
        volatile CountDownLatch hold = new CountDownLatch(0);
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final HttpServer http;

        Receiver() throws IOException {
            http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            http.setExecutor(threads);
            http.createContext("/", exchange -> {
                Received one = new Received(exchange);
                int answer = status; // as it is before the test hears of it
                received.add(one);
                try {
                    hold.await();
                } catch (InterruptedException e) {
                    return;
                }
                if (answer / 100 == 2) {
                    taken.add(one);
                }
                exchange.getResponseHeaders().add("location", location.toString());
                exchange.sendResponseHeaders(answer, -1);
                exchange.close();
            });
            http.start();
            uri = URI.create("http://127.0.0.1:" + http.getAddress().getPort() + "/hook?key=k");
        }

        Received take() throws InterruptedException {
            Received next = received.poll(60, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("nothing was delivered");
            }
            return next;
        }

        /** The next of this type: what happens at a time is told in one event or, where something lay between, in several. */
        Received take(String type) throws InterruptedException {
            Received next = take();
            while (!next.body.path("type").asText().equals(type)) {
                next = take();
            }
            return next;
        }

        @Override
        public void close() {
            http.stop(0);
            threads.shutdownNow();
        }
    }
}
