package dev.rejoin.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.sync.wire.FailureCode;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class SyncClientTest {
    @TempDir
    Path directory;

    private final FakeServer server = new FakeServer();

    @AfterEach
    void stop() {
        server.close();
    }

    private SyncClient.Builder client() {
        return SyncClient.builder().document("notes/1").connector(server);
    }

    @Test
    void aWriteShowsAtOnceAndBecomesDurable() throws Exception {
        try (SyncClient client = client().build()) {
            WriteHandle write = client.write(d -> d.counter("likes").increment(3));
            assertEquals(3L, likes(client));
            write.durable().get(60, TimeUnit.SECONDS);
            assertEquals(WriteState.DURABLE, write.state());
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            assertEquals(List.of(), client.pending());
        }
    }

    @Test
    void isNotSynchronizedBeforeAServerSaysSoAndRemainsSoWhenTheConnectionIsLost() throws Exception {
        Path file = directory.resolve("box");
        try (SyncClient client = client().outbox(file).startOffline().build()) {
            assertEquals(SyncStatus.SYNCHRONIZING, client.sync());
            client.goOnline();
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            client.goOffline();
            assertEquals(SyncStatus.SYNCHRONIZED, client.sync());
        }
        try (SyncClient client = client().outbox(file).startOffline().build()) {
            assertEquals(SyncStatus.SYNCHRONIZING, client.sync());
        }
    }

    @Test
    void aRefusedWriteIsTakenBackAndWaitsOnTheList() throws Exception {
        Path file = directory.resolve("box");
        try (SyncClient client = client().outbox(file).build()) {
            client.write(d -> tags(d).add("fine"));
            WriteHandle write = client.write(d -> tags(d).add("forbidden"));
            Rejection rejection = write.rejection().get(60, TimeUnit.SECONDS);
            assertEquals("content-rejected", rejection.code());
            ExecutionException refused =
                    assertThrows(ExecutionException.class, () -> write.durable().get());
            assertTrue(refused.getCause() instanceof WriteRejectedException);
            assertEquals(List.of("fine"), client.read(d -> tags(d).elements()));
            assertEquals(SyncStatus.REJECTED, client.sync());
        }
        try (SyncClient client = client().outbox(file).build()) {
            Rejection kept = client.rejections().get(0);
            client.retry(kept.id()).rejection().get(60, TimeUnit.SECONDS);
            assertEquals(1, client.rejections().size());
            client.discard(client.rejections().get(0).id());
            assertEquals(List.of(), client.rejections());
        }
        try (SyncClient client = client().outbox(file).startOffline().build()) {
            assertEquals(List.of(), client.rejections());
        }
    }

    @Test
    void aRestartShowsWhatIsPendingAndSendsItOnce() throws Exception {
        Path file = directory.resolve("box");
        try (SyncClient client = client().outbox(file).startOffline().build()) {
            WriteHandle write = client.write(d -> d.counter("likes").increment(5));
            write.savedLocally().get(60, TimeUnit.SECONDS);
            assertEquals(WriteState.SAVED_LOCALLY, write.state());
            assertEquals(SyncStatus.OFFLINE_PENDING, client.sync());
        }
        try (SyncClient client = client().outbox(file).startOffline().build()) {
            assertEquals(5L, likes(client));
            WriteHandle pending = client.pending().get(0);
            client.goOnline();
            pending.durable().get(60, TimeUnit.SECONDS);
            assertEquals(5L, likes(client));
        }
        assertEquals(1, server.submits);
        try (SyncClient client = client().outbox(file).startOffline().build()) {
            assertEquals(5L, likes(client));
        }
    }

    @Test
    void aLostAcknowledgementIsFoundAfterReconnecting() throws Exception {
        try (SyncClient client = client().build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED && client.connection() == ConnectionStatus.CONNECTED);
            server.mute = true;
            WriteHandle write = client.write(d -> d.counter("likes").increment());
            until(() -> server.submits == 1);
            server.cut();
            server.mute = false;
            write.durable().get(60, TimeUnit.SECONDS);
            assertEquals(1, server.submits);
            assertEquals(1L, likes(client));
        }
    }

    @Test
    void aSessionThatAnotherOfTheSameReplicaEndedLosesNoWrite() throws Exception {
        try (SyncClient client = client().build()) {
            until(() -> client.connection() == ConnectionStatus.CONNECTED);
            server.mute = true;
            WriteHandle heard = client.write(d -> d.counter("likes").increment(1));
            until(() -> server.submits == 1);
            server.mute = false;
            server.replaceAll();
            WriteHandle unsent = client.write(d -> d.counter("likes").increment(10));
            heard.durable().get(60, TimeUnit.SECONDS);
            unsent.durable().get(60, TimeUnit.SECONDS);
            assertEquals(2, server.submits);
            assertEquals(11L, likes(client));
            assertEquals(List.of(), client.rejections());
        }
    }

    @Test
    void ofTwoLiveCopiesOneGivesWayAndEachWriteCountsOnce() throws Exception {
        Path file = directory.resolve("box");
        Path copy = directory.resolve("copy");
        client().outbox(file).startOffline().build().close();
        Files.copy(file, copy);
        try (SyncClient one = client().outbox(file).build();
                SyncClient two = client().outbox(copy).build()) {
            WriteHandle first = one.write(d -> d.counter("likes").increment(1));
            WriteHandle second = two.write(d -> d.counter("likes").increment(10));
            first.durable().get(60, TimeUnit.SECONDS);
            second.durable().get(60, TimeUnit.SECONDS);
            until(() -> one.sync() == SyncStatus.SYNCHRONIZED && two.sync() == SyncStatus.SYNCHRONIZED);
            until(() -> likes(one) == 11 && likes(two) == 11);
            assertEquals(List.of(), one.rejections());
            assertEquals(List.of(), two.rejections());
        }
    }

    @Test
    void twoClientsAgree() throws Exception {
        try (SyncClient one = client().build();
                SyncClient two = client().build()) {
            one.write(d -> tags(d).add("a")).durable().get(60, TimeUnit.SECONDS);
            two.write(d -> tags(d).add("b")).durable().get(60, TimeUnit.SECONDS);
            until(() -> one.read(d -> tags(d).size()) == 2 && two.read(d -> tags(d).size()) == 2);
            assertEquals(one.snapshot().state(), two.snapshot().state());
            one.presence("here");
            until(() -> two.presences().containsValue("here"));
        }
    }

    @Test
    void aCopiedOutboxTakesANewReplicaAndLosesNothing() throws Exception {
        Path file = directory.resolve("box");
        Path copy = directory.resolve("copy");
        client().outbox(file).startOffline().build().close();
        Files.copy(file, copy);
        try (SyncClient one = client().outbox(file).build()) {
            one.write(d -> d.counter("likes").increment(1)).durable().get(60, TimeUnit.SECONDS);
        }
        try (SyncClient two = client().outbox(copy).startOffline().build()) {
            WriteHandle write = two.write(d -> d.counter("likes").increment(10));
            two.goOnline();
            write.durable().get(60, TimeUnit.SECONDS);
            until(() -> likes(two) == 11);
        }
    }

    @Test
    void anotherEpochDropsTheConfirmedStateAndKeepsTheWritesForTheUser() throws Exception {
        try (SyncClient client = client().build()) {
            client.write(d -> tags(d).add("old")).durable().get(60, TimeUnit.SECONDS);
            client.goOffline();
            until(() -> client.connection() == ConnectionStatus.DISCONNECTED);
            WriteHandle write = client.write(d -> tags(d).add("mine"));
            server.recreate();
            client.goOnline();
            assertEquals(
                    "epoch-changed", write.rejection().get(60, TimeUnit.SECONDS).code());
            until(() -> client.connection() == ConnectionStatus.CONNECTED);
            client.retry(client.rejections().get(0).id()).durable().get(60, TimeUnit.SECONDS);
            assertEquals(List.of("mine"), client.read(d -> tags(d).elements()));
        }
    }

    @Test
    void aDeletedDocumentIsNotBroughtBackByWhatIsPending() throws Exception {
        try (SyncClient client = client().build()) {
            client.write(d -> tags(d).add("old")).durable().get(60, TimeUnit.SECONDS);
            client.goOffline();
            until(() -> client.connection() == ConnectionStatus.DISCONNECTED);
            WriteHandle write = client.write(d -> tags(d).add("mine"));
            int submits = server.submits;
            server.refusal = FailureCode.DOCUMENT_DELETED;
            client.goOnline();
            assertEquals(
                    "document-deleted",
                    write.rejection().get(60, TimeUnit.SECONDS).code());
            until(() -> client.connection() == ConnectionStatus.ERROR);
            assertEquals(List.of(), client.read(d -> tags(d).elements()));
            assertEquals(submits, server.submits);
            server.recreate();
            server.refusal = null;
            client.goOffline();
            client.goOnline();
            until(() -> client.connection() == ConnectionStatus.CONNECTED);
            client.retry(client.rejections().get(0).id()).durable().get(60, TimeUnit.SECONDS);
            assertEquals(List.of("mine"), client.read(d -> tags(d).elements()));
        }
    }

    @Test
    void aClientThatHoldsWhatTheServerHasLostBeginsWithWhatTheServerHas() throws Exception {
        try (SyncClient client = client().build()) {
            client.write(d -> tags(d).add("kept")).durable().get(60, TimeUnit.SECONDS);
            client.goOffline();
            until(() -> client.connection() == ConnectionStatus.DISCONNECTED);
            WriteHandle write = client.write(d -> tags(d).add("mine"));
            server.refusal = FailureCode.EPOCH_CHANGED;
            client.goOnline();
            assertEquals(
                    "epoch-changed", write.rejection().get(60, TimeUnit.SECONDS).code());
            server.refusal = null;
            until(() -> client.connection() == ConnectionStatus.CONNECTED);
            until(() -> client.read(d -> tags(d).elements()).equals(List.of("kept")));
        }
    }

    @Test
    void aWriteTooLargeToSendIsRefusedHereAndLaterOnesPass() throws Exception {
        try (SyncClient client = client().build()) {
            WriteHandle large = client.write(d -> {
                for (int i = 0; i < 3; i++) {
                    tags(d).add(i + "x".repeat(500_000));
                }
            });
            WriteHandle small = client.write(d -> tags(d).add("small"));
            assertEquals(
                    "too-large", large.rejection().get(60, TimeUnit.SECONDS).code());
            small.durable().get(60, TimeUnit.SECONDS);
            assertEquals(List.of("small"), client.read(d -> tags(d).elements()));
            assertEquals(1, client.rejections().size());
        }
    }

    @Test
    void aTransactionThatThrowsLeavesNothing() {
        try (SyncClient client = client().startOffline().build()) {
            assertThrows(
                    IllegalStateException.class,
                    () -> client.write(d -> {
                        tags(d).add("x");
                        throw new IllegalStateException("changed my mind");
                    }));
            assertEquals(List.of(), client.read(d -> tags(d).elements()));
            assertEquals(List.of(), client.pending());
        }
    }

    @Test
    void aSecondClientOnOneOutboxIsRefused() {
        Path file = directory.resolve("box");
        try (SyncClient first = client().outbox(file).startOffline().build()) {
            assertThrows(UncheckedIOException.class, () -> client().outbox(file).build());
        }
    }

    @Test
    void anUnreachableServerIsTriedAgain() throws Exception {
        server.down = true;
        try (SyncClient client = client().build()) {
            WriteHandle write = client.write(d -> tags(d).add("x"));
            until(() -> client.connection() == ConnectionStatus.DISCONNECTED);
            server.down = false;
            write.durable().get(60, TimeUnit.SECONDS);
        }
    }

    private static OrSet<String> tags(Document document) {
        return document.set("tags", ValueCodec.STRING);
    }

    private static long likes(SyncClient client) {
        long value = client.read(d -> d.counter("likes").value());
        return value;
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited in vain");
            Thread.sleep(5);
        }
    }
}
