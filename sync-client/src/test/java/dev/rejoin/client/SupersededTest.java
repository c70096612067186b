package dev.rejoin.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.Values;
import dev.rejoin.crdt.document.Document;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client is told when another overwrites what it has written. */
@Timeout(120)
class SupersededTest {
    private final FakeServer server = new FakeServer();

    @AfterEach
    void stop() {
        server.close();
    }

    private SyncClient.Builder client() {
        return SyncClient.builder().document("notes/1").connector(server);
    }

    private static Consumer<Document> title(String text) {
        return d -> d.map("page").register("title", ValueCodec.STRING).set(text);
    }

    private static void save(SyncClient client, String text) throws Exception {
        client.write(title(text)).durable().get(60, TimeUnit.SECONDS);
    }

    @Test
    void whoOverwritesKnowinglyIsTold() throws Exception {
        BlockingQueue<Superseded> heard = new LinkedBlockingQueue<>();
        BlockingQueue<Superseded> heardThere = new LinkedBlockingQueue<>();
        try (SyncClient client = client().build();
                SyncClient other = client().build()) {
            client.onSuperseded(heard::add);
            other.onSuperseded(heardThere::add);
            save(client, "mine");
            while (other.snapshot().toMap().isEmpty()) {
                Thread.sleep(2);
            }
            save(other, "theirs");
            Superseded event = heard.poll(60, TimeUnit.SECONDS);
            assertEquals(List.of("page", "title"), event.path());
            assertEquals("mine", event.mine());
            assertEquals("theirs", event.theirs());
            assertEquals(other.read(Document::replica), event.by());
            assertFalse(event.isConcurrent());
            save(other, "theirs again");
            while (!"theirs again"
                    .equals(client.read(d ->
                            d.map("page").register("title", ValueCodec.STRING).get()))) {
                Thread.sleep(2);
            }
            save(client, "mine again");
            assertNull(heard.poll(), "the register was no longer its own");
            assertEquals("mine again", heardThere.poll(60, TimeUnit.SECONDS).theirs());
        }
    }

    @Test
    void aConditionalWriteThatFindsSomethingElseHasAllThreeToMerge() throws Exception {
        List<String> path = List.of("page", "title");
        try (SyncClient client = client().build()) {
            assertInstanceOf(ConditionalWrite.Written.class, ConditionalWrite.set(client, path, Values.NULL, "first"));
            ConditionalWrite.Written written = assertInstanceOf(
                    ConditionalWrite.Written.class, ConditionalWrite.set(client, path, "first", "second"));
            written.handle().durable().get(60, TimeUnit.SECONDS);
            assertEquals(
                    new ConditionalWrite.PreconditionFailed("first", "mine", "second"),
                    ConditionalWrite.set(client, path, "first", "mine"));
            assertEquals(List.of(), client.pending());
        }
    }

    @Test
    void onlyTheOneWhoLosesAConcurrentWriteIsTold() throws Exception {
        BlockingQueue<Superseded> early = new LinkedBlockingQueue<>();
        BlockingQueue<Superseded> late = new LinkedBlockingQueue<>();
        try (SyncClient first = client().timeSource(() -> 1_000).startOffline().build();
                SyncClient second =
                        client().timeSource(() -> 2_000).startOffline().build()) {
            first.onSuperseded(early::add);
            second.onSuperseded(late::add);
            first.write(title("early"));
            second.write(title("late"));
            second.goOnline();
            second.pending().forEach(write -> write.durable().join());
            first.goOnline();
            Superseded event = early.poll(60, TimeUnit.SECONDS);
            assertEquals("late", event.theirs());
            assertEquals(2_000, event.at().toEpochMilli());
            assertTrue(event.isConcurrent());
            first.pending().forEach(write -> write.durable().join());
            while (!second.read(d -> d.map("page")
                    .register("title", ValueCodec.STRING)
                    .conflicts()
                    .contains("early"))) {
                Thread.sleep(2);
            }
            assertNull(late.poll());
        }
    }
}
