package dev.rejoin.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Writes that stand or fall together, and one with another. */
@Timeout(120)
class DependentWritesTest {
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

    private static void add(Document document, String tag) {
        document.set("tags", ValueCodec.STRING).add(tag);
    }

    private static List<String> tags(SyncClient client) {
        return client.snapshot().set("tags", ValueCodec.STRING);
    }

    private static String code(WriteHandle write) throws Exception {
        return write.rejection().get(60, TimeUnit.SECONDS).code();
    }

    @Test
    void aGroupIsRefusedWholeIfOnePartOfItIs() throws Exception {
        try (SyncClient client = client().build()) {
            WriteHandle group = client.write(d -> {
                add(d, "fine");
                d.counter("likes").increment(5);
                add(d, "forbidden");
            });
            assertEquals("content-rejected", code(group));
            assertEquals(List.of(), tags(client));
            assertEquals(0, client.snapshot().counter("likes"));
            assertEquals(3, client.rejections().get(0).mutations().size());
        }
        assertEquals(0, server.document.counter("likes").value());
    }

    @Test
    void whatDependsOnARefusedWriteIsRefusedWithItDirectlyOrOverOthersAndNothingElseIs() throws Exception {
        try (SyncClient client = client().startOffline().build()) {
            WriteHandle first = client.write(d -> add(d, "forbidden"));
            WriteHandle second = client.write(WriteOptions.after(first), d -> add(d, "second"));
            WriteHandle third = client.write(
                    WriteOptions.after(second), d -> d.counter("likes").increment(7));
            WriteHandle alone = client.write(d -> add(d, "alone"));
            assertEquals(List.of("forbidden", "second", "alone"), tags(client));
            client.goOnline();
            assertEquals("content-rejected", code(first));
            assertEquals("dependency-rejected", code(second));
            assertEquals("dependency-rejected", code(third));
            alone.durable().get(60, TimeUnit.SECONDS);
            assertEquals(List.of("alone"), tags(client));
            assertEquals(0, client.snapshot().counter("likes"));
            assertEquals(
                    List.of("content-rejected", "dependency-rejected", "dependency-rejected"),
                    client.rejections().stream().map(Rejection::code).toList());
        }
        assertEquals(0, server.document.counter("likes").value());
    }

    @Test
    void whatDependsOnAnAcceptedWriteIsAccepted() throws Exception {
        try (SyncClient client = client().startOffline().build()) {
            WriteHandle first = client.write(d -> add(d, "first"));
            WriteHandle second = client.write(WriteOptions.after(first), d -> add(d, "second"));
            client.goOnline();
            second.durable().get(60, TimeUnit.SECONDS);
            client.write(WriteOptions.after(first, second), d -> add(d, "third"))
                    .durable()
                    .get(60, TimeUnit.SECONDS);
            assertEquals(List.of("first", "second", "third"), tags(client));
        }
    }

    @Test
    void aDependencyOutlivesTheProcess() throws Exception {
        Path file = directory.resolve("box");
        try (SyncClient client = client().outbox(file).startOffline().build()) {
            WriteHandle first = client.write(d -> add(d, "forbidden"));
            client.write(WriteOptions.after(first), d -> add(d, "second"));
        }
        try (SyncClient client = client().outbox(file).build()) {
            until(() -> client.rejections().size() == 2);
            assertEquals("dependency-rejected", client.rejections().get(1).code());
            assertEquals(List.of(), tags(client));
        }
        try (SyncClient client = client().outbox(file).build()) {
            assertEquals(2, client.rejections().size());
        }
    }

    @Test
    void whatDependsOnAWriteThatIsTakenBackIsRefused() throws Exception {
        try (SyncClient client = client().startOffline().build()) {
            WriteHandle first = client.write(d -> add(d, "first"));
            WriteHandle second = client.write(WriteOptions.after(first), d -> add(d, "second"));
            assertTrue(client.cancel(first).get(60, TimeUnit.SECONDS));
            assertEquals("dependency-rejected", code(second));
            WriteHandle late = client.write(WriteOptions.after(second), d -> add(d, "late"));
            assertEquals("dependency-rejected", code(late));
            assertEquals(List.of(), tags(client));
        }
    }

    /** As in the TypeScript client, of which a test has the same name. */
    @Test
    void whatWasTakenBackOrRefusedAndOfWhichOnlyDotsAreToBeSentDoesNotCountAsPending() throws Exception {
        Path file = directory.resolve("box");
        try (SyncClient client = client().outbox(file).build()) {
            assertEquals("content-rejected", code(client.write(d -> add(d, "forbidden"))));
            client.goOffline();
            until(() -> client.connection() == ConnectionStatus.DISCONNECTED);
            WriteHandle regretted = client.write(d -> add(d, "regretted"));
            WriteHandle dependant = client.write(WriteOptions.after(regretted), d -> add(d, "dependant"));
            assertEquals(2, client.status().pending());
            assertTrue(client.cancel(regretted).get(60, TimeUnit.SECONDS));
            assertEquals("dependency-rejected", code(dependant));
            assertEquals(List.of(), client.pending());
            assertEquals(0, client.status().pending());
            assertEquals(SyncStatus.REJECTED, client.sync());
            client.rejections().forEach(each -> client.discard(each.id()));
            assertEquals(SyncStatus.SYNCHRONIZED, client.sync());
        }
        try (SyncClient client = client().outbox(file).startOffline().build()) {
            assertEquals(0, client.status().pending());
            WriteHandle later = client.write(d -> add(d, "later"));
            assertEquals(List.of(later), client.pending());
            client.goOnline();
            later.durable().get(60, TimeUnit.SECONDS);
            assertEquals(0, client.status().pending());
            assertEquals(server.document.version(), client.snapshot().version());
        }
    }

    @Test
    void aDependencyMovesWithItsWritesToAnotherServer() throws Exception {
        FakeServer other = new FakeServer();
        try (SyncClient client = SyncClient.builder()
                .document("notes/1")
                .servers(List.of(new Servers.Server("one", server), new Servers.Server("two", other)))
                .moveAfter(Duration.ZERO)
                .build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            server.mute = true;
            WriteHandle first = client.write(d -> add(d, "forbidden"));
            WriteHandle second = client.write(WriteOptions.after(first), d -> add(d, "second"));
            until(() -> server.submits == 1);
            server.down = true;
            server.cut();
            assertEquals("content-rejected", code(first));
            assertEquals("dependency-rejected", code(second));
            assertEquals(1, server.submits);
        } finally {
            other.close();
        }
    }

    @Test
    void aPessimisticWriteShowsWhenItIsAcceptedAndNotBefore() throws Exception {
        Path file = directory.resolve("box");
        try (SyncClient client = client().outbox(file).startOffline().build()) {
            client.operate(
                    "transfer", Duration.ofSeconds(30), d -> d.counter("money").increment(5));
            client.write(d -> add(d, "after"));
            assertEquals(0, client.snapshot().counter("money"));
            assertEquals(2, client.pending().size());
            assertEquals(0, client.pendingSum(List.of("money")));
            assertTrue(client.pendingFor(List.of("money")).isPresent());
        }
        try (SyncClient client = client().outbox(file).startOffline().build()) {
            assertEquals(0, client.snapshot().counter("money"));
            client.goOnline();
            until(() -> client.pending().isEmpty());
            assertEquals(5, client.snapshot().counter("money"));
            assertEquals(List.of("after"), tags(client));
        }
        assertEquals(5, server.document.counter("money").value());
    }

    @Test
    void anOperationEndsWithItsVerdictAndIsMeasured() throws Exception {
        try (SyncClient client = client().build()) {
            for (int i = 0; i < OperationTimes.MIN_SAMPLES; i++) {
                PendingOperation done = client.operate(
                        "transfer",
                        Duration.ofSeconds(30),
                        d -> d.counter("money").increment());
                until(() -> done.state() == PendingOperation.State.SUCCEEDED);
            }
            assertEquals("usually under 1 s", client.times().usually("transfer"));
            PendingOperation refused = client.operate("transfer", Duration.ofSeconds(30), d -> {
                d.counter("money").increment(100);
                add(d, "forbidden");
            });
            until(() -> refused.state() == PendingOperation.State.FAILED);
            assertEquals(
                    "content-rejected",
                    ((WriteRejectedException) refused.failure().orElseThrow())
                            .rejection()
                            .code());
            assertEquals(5, client.snapshot().counter("money"));
        }
    }

    @Test
    void pendingQueriesTellWhatOfAnObjectAwaitsItsVerdict() throws Exception {
        try (SyncClient client = client().startOffline().build()) {
            WriteHandle tag = client.write(d -> add(d, "x"));
            client.write(d -> d.map("list").counter("n").increment(3));
            client.write(d -> d.map("list").counter("n").increment(4));
            assertEquals(tag, client.pendingFor(List.of("tags"), "x").orElseThrow());
            assertTrue(client.pendingFor(List.of("tags"), "y").isEmpty());
            assertEquals(7, client.pendingSum(List.of("list", "n")));
            assertTrue(client.pendingFor(List.of("list")).isPresent());
            assertTrue(client.pendingFor(List.of("list", "other")).isEmpty());
            WriteHandle removal = client.write(d -> d.map("list").remove("other"));
            client.write(d -> d.map("list").clear());
            assertTrue(client.pendingFor(List.of("list", "other")).isPresent());
            assertEquals(WriteState.DURABLE, removal.state());
            client.goOnline();
            until(() -> client.pending().isEmpty());
            assertTrue(client.pendingFor(List.of("tags")).isEmpty());
            assertEquals(0, client.pendingSum(List.of("list", "n")));
        }
    }

    @Test
    void aRejectionIsExportedEditedAndRetried() throws Exception {
        try (SyncClient client = client().build()) {
            WriteHandle write = client.write(d -> {
                add(d, "forbidden");
                d.set("bytes", ValueCodec.VALUE).add(new byte[] {1, 2});
                d.register("text", ValueCodec.STRING).set("a \"quoted\"\nline");
            });
            Rejection rejection = write.rejection().get(60, TimeUnit.SECONDS);
            assertEquals(RetryClass.AFTER_EDIT, rejection.retryClass());
            String json = client.exportJson();
            assertEquals(
                    "[{\"id\":" + rejection.id() + ",\"code\":\"content-rejected\",\"message\":\"no\",\"at\":\""
                            + rejection.at()
                            + "\",\"mutations\":[[[\"tags\"],\"set\",\"add\",\"forbidden\"],"
                            + "[[\"bytes\"],\"set\",\"add\",{\"$bytes\":\"AQI=\"}],"
                            + "[[\"text\"],\"register\",\"set\",\"a \\\"quoted\\\"\\u000aline\"]]}]",
                    json);
            client.editAndRetry(rejection.id(), d -> add(d, "allowed"))
                    .durable()
                    .get(60, TimeUnit.SECONDS);
            assertEquals(List.of("allowed"), tags(client));
            assertEquals(List.of(), client.rejections());
            assertEquals("[]", client.exportJson());
        }
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited in vain");
            Thread.sleep(2);
        }
    }
}
