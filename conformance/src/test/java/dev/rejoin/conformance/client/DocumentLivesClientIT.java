package dev.rejoin.conformance.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.ConnectionStatus;
import dev.rejoin.client.SyncClient;
import dev.rejoin.client.SyncStatus;
import dev.rejoin.client.WriteHandle;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.storage.SqliteDeltaLog;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Java client at documents that are deleted, restored and begun anew, and at a store that was restored to an older state. */
@Timeout(120)
class DocumentLivesClientIT {
    private static final String NAME = "notes/1";

    @TempDir
    Path directory;

    private SyncServer start(int port) throws Exception {
        return SyncServer.builder().port(port).data(directory.resolve("data")).start();
    }

    private static SyncClient client(URI uri) throws Exception {
        return SyncClient.builder().url(uri).document(NAME).build();
    }

    @Test
    void whatIsPendingOnADeletedDocumentIsLaidBeforeTheUserAndCanBeRetriedInItsNextLife() throws Exception {
        try (SyncServer server = start(0);
                SyncClient ann = client(server.syncUri());
                SyncClient bob = client(server.syncUri())) {
            add(ann, "old").durable().get(60, TimeUnit.SECONDS);
            until(() -> tags(bob).equals(List.of("old")));
            bob.goOffline();
            until(() -> bob.connection() == ConnectionStatus.DISCONNECTED);
            WriteHandle pending = add(bob, "offline");

            assertTrue(server.document(NAME).delete().toCompletableFuture().get(60, TimeUnit.SECONDS));
            until(() -> ann.connection() == ConnectionStatus.ERROR);
            assertEquals("document-deleted", ann.status().code());
            assertEquals(List.of(), tags(ann));
            bob.goOnline();
            assertEquals(
                    "document-deleted",
                    pending.rejection().get(60, TimeUnit.SECONDS).code());
            until(() -> bob.connection() == ConnectionStatus.ERROR);
            assertEquals(SyncStatus.REJECTED, bob.sync());

            server.document(NAME).restore().toCompletableFuture().get(60, TimeUnit.SECONDS);
            ann.goOnline();
            bob.goOnline();
            until(() -> tags(ann).equals(List.of("old")) && tags(bob).equals(List.of("old")));
            bob.retry(bob.rejections().get(0).id()).durable().get(60, TimeUnit.SECONDS);
            until(() -> tags(ann).equals(List.of("offline", "old")));

            ann.goOffline();
            until(() -> ann.connection() == ConnectionStatus.DISCONNECTED);
            WriteHandle late = add(ann, "late");
            server.document(NAME).delete().toCompletableFuture().get(60, TimeUnit.SECONDS);
            server.document(NAME).beginAnew().toCompletableFuture().get(60, TimeUnit.SECONDS);
            ann.goOnline();
            assertEquals(
                    "epoch-changed", late.rejection().get(60, TimeUnit.SECONDS).code());
            until(() -> ann.connection() == ConnectionStatus.CONNECTED);
            assertEquals(List.of(), tags(ann));
        }
    }

    @Test
    void aClientAheadOfAnOlderStoreBeginsWithWhatIsThere() throws Exception {
        olderStore(false);
    }

    @Test
    void aClientOfAnOlderStoreWithNewEpochsBeginsWithWhatIsThere() throws Exception {
        olderStore(true);
    }

    private void olderStore(boolean renewed) throws Exception {
        int port;
        Path data = directory.resolve("data");
        Path backup = directory.resolve("backup");
        try (SyncServer server = start(0);
                SyncClient ann = client(server.syncUri())) {
            port = server.port();
            add(ann, "kept").durable().get(60, TimeUnit.SECONDS);
        }
        Files.createDirectory(backup);
        Files.copy(data.resolve("rejoin.db"), backup.resolve("rejoin.db"));
        URI uri = URI.create("ws://127.0.0.1:" + port + "/sync");
        try (SyncClient ann = client(uri)) {
            SyncServer server = start(port);
            add(ann, "lost").durable().get(60, TimeUnit.SECONDS);
            server.close();
            until(() -> ann.connection() != ConnectionStatus.CONNECTED);
            ann.goOffline();
            WriteHandle pending = add(ann, "pending");
            for (String file : List.of("rejoin.db", "rejoin.db-wal", "rejoin.db-shm")) {
                Files.deleteIfExists(data.resolve(file));
            }
            Files.copy(backup.resolve("rejoin.db"), data.resolve("rejoin.db"));
            if (renewed) {
                try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
                    assertEquals(1, log.renewEpochs(new SecureRandom()::nextLong));
                }
            }
            try (SyncServer restored = start(port)) {
                ann.goOnline();
                assertEquals(
                        "epoch-changed",
                        pending.rejection().get(60, TimeUnit.SECONDS).code());
                until(() -> tags(ann).equals(List.of("kept")));
                assertEquals(!renewed, restored.metrics().page().contains("rejoin_sessions_ahead_total 1.0"));
                ann.retry(ann.rejections().get(0).id()).durable().get(60, TimeUnit.SECONDS);
                assertEquals(List.of("kept", "pending"), tags(ann));
            }
        }
    }

    private static WriteHandle add(SyncClient client, String tag) {
        return client.write(document -> document.set("tags", ValueCodec.STRING).add(tag));
    }

    private static List<String> tags(SyncClient client) {
        return client.snapshot().set("tags", ValueCodec.STRING).stream()
                .sorted()
                .toList();
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited in vain");
            Thread.sleep(10);
        }
    }
}
