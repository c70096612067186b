package dev.rejoin.conformance.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.ConnectionStatus;
import dev.rejoin.client.SyncClient;
import dev.rejoin.client.SyncStatus;
import dev.rejoin.client.WriteHandle;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.room.MutationValidator;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Java client and the real server, over real sockets. */
@Timeout(120)
class JavaClientIT {
    @TempDir
    Path directory;

    private SyncServer start(int port) throws Exception {
        return SyncServer.builder()
                .port(port)
                .data(directory.resolve("data"))
                .validator(change -> change.mutations().stream()
                                .anyMatch(mutation ->
                                        String.valueOf(mutation.value()).startsWith("forbidden"))
                        ? MutationValidator.Decision.reject("content-rejected", "not that word")
                        : MutationValidator.Decision.accept())
                .start();
    }

    private static SyncClient.Builder client(URI uri) {
        return SyncClient.builder().url(uri).document("notes/1");
    }

    @Test
    void twoClientsAndTheServerAgree() throws Exception {
        try (SyncServer server = start(0);
                SyncClient one = client(server.syncUri()).build();
                SyncClient two = client(server.syncUri()).build()) {
            one.write(d -> tags(d).add("a")).durable().get(60, TimeUnit.SECONDS);
            two.write(d -> d.counter("likes").increment(2)).durable().get(60, TimeUnit.SECONDS);
            server.document("notes/1").transact(d -> tags(d).add("from-the-server"));
            until(() -> one.snapshot().toMap().equals(two.snapshot().toMap())
                    && size(one) == 2
                    && one.snapshot().counter("likes") == 2);
            // what is shown holds what is pending; a state only what is confirmed, which may come a moment later
            until(() -> one.snapshot().state().equals(two.snapshot().state()));
        }
    }

    @Test
    void aRefusedWriteIsTakenBackAndLaterOnesStay() throws Exception {
        try (SyncServer server = start(0);
                SyncClient client = client(server.syncUri()).build()) {
            WriteHandle refused = client.write(d -> tags(d).add("forbidden"));
            WriteHandle later = client.write(d -> tags(d).add("fine"));
            assertEquals(
                    "content-rejected",
                    refused.rejection().get(60, TimeUnit.SECONDS).code());
            later.durable().get(60, TimeUnit.SECONDS);
            assertEquals(List.of("fine"), client.snapshot().set("tags", ValueCodec.STRING));
            assertEquals(SyncStatus.REJECTED, client.sync());
        }
    }

    @Test
    void whatWasWrittenOfflineIsThereAfterARestartOfBothSides() throws Exception {
        Path outbox = directory.resolve("outbox");
        int port;
        try (SyncServer server = start(0);
                SyncClient client = client(server.syncUri()).outbox(outbox).build()) {
            port = server.port();
            client.write(d -> d.counter("likes").increment(1)).durable().get(60, TimeUnit.SECONDS);
            client.goOffline();
            until(() -> client.connection() == ConnectionStatus.DISCONNECTED);
            client.write(d -> d.counter("likes").increment(10)).savedLocally().get(60, TimeUnit.SECONDS);
        }
        URI uri = URI.create("ws://127.0.0.1:" + port + "/sync");
        try (SyncClient client = client(uri).outbox(outbox).build()) {
            assertEquals(11, client.snapshot().counter("likes"));
            assertEquals(1, client.pending().size());
            try (SyncServer server = start(port)) {
                client.pending().get(0).durable().get(60, TimeUnit.SECONDS);
                assertEquals(11, client.snapshot().counter("likes"));
            }
        }
    }

    @Test
    void anAbruptlyRestartedServerCostsNoWriteAndDoublesNone() throws Exception {
        long seed = Long.getLong("rejoin.seed", System.nanoTime());
        Random random = new Random(seed);
        SyncServer server = start(0);
        int port = server.port();
        try (SyncClient one = client(server.syncUri())
                        .outbox(directory.resolve("one"))
                        .build();
                SyncClient two = client(server.syncUri()).build()) {
            long expected = 0;
            for (int i = 0; i < 300; i++) {
                SyncClient author = random.nextBoolean() ? one : two;
                int amount = 1 + random.nextInt(5);
                boolean forbidden = random.nextInt(4) == 0;
                author.write(d -> {
                    d.counter("likes").increment(amount);
                    tags(d).add(forbidden ? "forbidden" : "t" + amount);
                });
                expected += forbidden ? 0 : amount;
                if (i % 100 == 50) {
                    server.close();
                    server = start(port);
                }
                if (i % 40 == 20) {
                    author.goOffline();
                    author.goOnline();
                }
            }
            one.goOnline();
            two.goOnline();
            long total = expected;
            until(() -> one.pending().isEmpty() && two.pending().isEmpty());
            until(() ->
                    one.snapshot().counter("likes") == total && two.snapshot().counter("likes") == total);
            until(() -> one.snapshot().state().equals(two.snapshot().state()));
            assertTrue(one.rejections().stream().allMatch(r -> r.code().equals("content-rejected")));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "replay: mvn verify -pl conformance -am -Dit.test=JavaClientIT -DargLine=-Drejoin.seed=" + seed, e);
        } finally {
            server.close();
        }
    }

    private static OrSet<String> tags(Document document) {
        return document.set("tags", ValueCodec.STRING);
    }

    private static int size(SyncClient client) {
        return client.snapshot().set("tags", ValueCodec.STRING).size();
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited in vain");
            Thread.sleep(10);
        }
    }
}
