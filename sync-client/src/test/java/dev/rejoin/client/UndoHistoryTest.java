package dev.rejoin.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Undo and redo of writes that others may see, change and refuse. */
@Timeout(120)
class UndoHistoryTest {
    private final FakeServer server = new FakeServer();

    @AfterEach
    void stop() {
        server.close();
    }

    private SyncClient.Builder client() {
        return SyncClient.builder().document("notes/1").connector(server);
    }

    private static Consumer<Document> title(String text) {
        return d -> d.register("title", ValueCodec.STRING).set(text);
    }

    private static boolean await(CompletableFuture<Boolean> done) throws Exception {
        return done.get(60, TimeUnit.SECONDS);
    }

    private static void save(SyncClient client, Consumer<Document> body) throws Exception {
        client.write(body).durable().get(60, TimeUnit.SECONDS);
    }

    private static void untilQuiet(SyncClient client) throws Exception {
        until(() -> client.pending().isEmpty() && client.sync() == SyncStatus.SYNCHRONIZED);
    }

    @Test
    void everyKindOfChangeIsUndoneAndRedone() throws Exception {
        try (SyncClient client = client().build()) {
            save(client, d -> {
                d.map("list").set("tags", ValueCodec.STRING).add("kept");
                d.map("list").counter("n").increment(2);
                title("old").accept(d);
            });
            Map<String, Object> before = client.snapshot().toMap();
            UndoHistory history = client.undoHistory();
            save(client, title("new"));
            save(client, d -> d.flag("done").enable());
            save(client, d -> d.counter("likes").decrement(5));
            save(client, d -> d.map("list").set("tags", ValueCodec.STRING).add("added"));
            save(client, d -> d.map("list").clear());
            Map<String, Object> after = client.snapshot().toMap();
            for (int i = 0; i < 5; i++) {
                assertTrue(await(history.undo()));
            }
            assertFalse(await(history.undo()));
            untilQuiet(client);
            assertEquals(withoutZeros(before), withoutZeros(client.snapshot().toMap()));
            for (int i = 0; i < 5; i++) {
                assertTrue(await(history.redo()));
            }
            assertFalse(await(history.redo()));
            untilQuiet(client);
            assertEquals(withoutZeros(after), withoutZeros(client.snapshot().toMap()));
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> withoutZeros(Map<String, Object> values) {
        Map<String, Object> rest = new TreeMap<>(values);
        rest.replaceAll(
                (name, value) -> value instanceof Map<?, ?> map ? withoutZeros((Map<String, Object>) map) : value);
        rest.values().removeIf(value -> value.equals(0L) || value.equals(false) || value.equals(Map.of()));
        return rest;
    }

    /** The Figma rule. */
    @Test
    void undoingAndRedoingAsMuchLeavesWhatOthersHaveDoneInBetween() throws Exception {
        try (SyncClient client = client().build();
                SyncClient other = client().build()) {
            UndoHistory history = client.undoHistory();
            save(client, title("mine"));
            save(client, title("mine too"));
            // what is written without having seen that is concurrent, and need not win
            until(() -> other.snapshot().register("title", ValueCodec.STRING).equals(Optional.of("mine too")));
            save(other, title("theirs"));
            until(() -> client.snapshot().register("title", ValueCodec.STRING).equals(Optional.of("theirs")));
            assertTrue(await(history.undo()));
            assertEquals(
                    "mine",
                    client.snapshot().register("title", ValueCodec.STRING).orElseThrow());
            assertTrue(await(history.undo()));
            assertTrue(await(history.redo()));
            assertTrue(await(history.redo()));
            assertEquals(
                    "theirs",
                    client.snapshot().register("title", ValueCodec.STRING).orElseThrow());
        }
    }

    @Test
    void anUnsentWriteIsTakenBackAndNothingIsSentOfIt() throws Exception {
        try (SyncClient client = client().startOffline().build()) {
            UndoHistory history = client.undoHistory();
            WriteHandle write = client.write(d -> d.counter("likes").increment(5));
            assertTrue(await(history.undo()));
            assertEquals(
                    "cancelled", write.rejection().get(60, TimeUnit.SECONDS).code());
            assertEquals(0, client.snapshot().counter("likes"));
            assertTrue(await(history.redo()));
            assertEquals(5, client.snapshot().counter("likes"));
            assertTrue(await(history.undo()));
            client.goOnline();
            untilQuiet(client);
        }
        assertEquals(0, server.document.counter("likes").value());
    }

    @Test
    void aRefusedWriteLeavesTheStacksAndItsUndoDoesNotHappen() throws Exception {
        try (SyncClient client = client().build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            UndoHistory history = client.undoHistory();
            save(client, d -> d.counter("likes").increment(1));
            server.mute = true;
            client.write(d -> {
                d.counter("likes").increment(100);
                d.set("tags", ValueCodec.STRING).add("forbidden");
            });
            until(() -> server.submits == 2);
            assertTrue(await(history.undo()));
            assertEquals(1, client.snapshot().counter("likes"));
            server.cut();
            server.mute = false;
            until(() -> client.pending().isEmpty() && history.redoable() == 0);
            assertEquals(1, client.snapshot().counter("likes"));
            until(() -> client.rejections().size() == 1);
            assertEquals("content-rejected", client.rejections().get(0).code());
            assertEquals(1, history.undoable());
            assertTrue(await(history.undo()));
            assertEquals(0, client.snapshot().counter("likes"));
        }
    }

    @Test
    void onlyWhatIsInScopeIsRecordedAndUndone() throws Exception {
        try (SyncClient client = client().startOffline().build()) {
            UndoHistory history = client.undoHistory("title");
            client.write(d -> d.counter("likes").increment());
            assertEquals(0, history.undoable());
            client.goOnline();
            save(client, d -> {
                title("x").accept(d);
                d.counter("likes").increment();
            });
            assertTrue(await(history.undo()));
            assertEquals(2, client.snapshot().counter("likes"));
            assertTrue(client.snapshot().register("title", ValueCodec.STRING).isEmpty());
            history.close();
            save(client, title("y"));
            assertEquals(0, history.undoable());
        }
    }

    @Test
    void theOldestEntriesAreForgotten() {
        try (SyncClient client = client().startOffline().build()) {
            UndoHistory history = client.undoHistory();
            for (int i = 0; i < UndoHistory.MAX_ENTRIES + 5; i++) {
                client.write(d -> d.counter("likes").increment());
            }
            assertEquals(UndoHistory.MAX_ENTRIES, history.undoable());
            client.write(d -> {
                for (int i = 0; i <= UndoHistory.MAX_ELEMENTS; i++) {
                    d.set("many", ValueCodec.LONG).add((long) i);
                }
            });
            assertEquals(0, history.undoable());
        }
    }

    @Test
    void whatALaterWriteStillTakesAwayDoesNotComeBackByUndoingAndRedoing() throws Exception {
        try (SyncClient client = client().startOffline().build()) {
            UndoHistory history = client.undoHistory();
            client.write(d -> d.register("title", ValueCodec.STRING).set("x"));
            client.write(d -> d.register("title", ValueCodec.STRING).clear());
            // shows nothing, and yet is a write that takes away what was there
            client.write(d -> d.register("title", ValueCodec.STRING).clear());
            for (int i = 0; i < 3; i++) {
                await(history.undo());
                await(history.redo());
                assertEquals(Map.of(), client.snapshot().toMap());
            }
        }
    }

    /** Undoing some of many writes and redoing as many is nothing, whatever they were. Replay with {@code -Drejoin.seed}. */
    @Test
    void undoThenRedoIsNothing() throws Exception {
        long seed = Long.getLong("rejoin.seed", System.nanoTime());
        System.out.println("rejoin.seed=" + seed);
        Random random = new Random(seed);
        try (SyncClient client = client().startOffline().build()) {
            UndoHistory history = client.undoHistory();
            for (int i = 0; i < 150; i++) {
                int what = random.nextInt(7);
                String name = "n" + random.nextInt(3);
                client.write(d -> {
                    switch (what) {
                        case 0 -> d.counter(name).add(random.nextInt(9) - 4);
                        case 1 -> d.set(name, ValueCodec.STRING).add("e" + random.nextInt(4));
                        case 2 -> d.set(name, ValueCodec.STRING).remove("e" + random.nextInt(4));
                        case 3 -> d.register(name, ValueCodec.STRING).set("v" + random.nextInt(100));
                        case 4 -> d.register(name, ValueCodec.STRING).clear();
                        case 5 -> d.flag(name).enable();
                        default -> d.map("m").counter(name).increment(1);
                    }
                });
                if (random.nextInt(3) == 0) {
                    Map<String, Object> before = sorted(client.snapshot().toMap());
                    int turns = 1 + random.nextInt(5);
                    int undone = 0;
                    while (undone < turns && await(history.undo())) {
                        undone++;
                    }
                    // what has no effect when it is done again is passed over
                    for (int redone = 0; redone < undone; redone++) {
                        await(history.redo());
                    }
                    assertEquals(before, sorted(client.snapshot().toMap()), "seed " + seed);
                }
            }
        }
    }

    /** Sets in order, without what shows nothing. */
    private static Map<String, Object> sorted(Map<String, Object> values) {
        Map<String, Object> sorted = new TreeMap<>();
        values.forEach((name, value) -> sorted.put(
                name,
                value instanceof List<?> list
                        ? List.of(list.stream().map(String::valueOf).sorted().toArray())
                        : value));
        sorted.values().removeIf(value -> value.equals(0L) || value.equals(false) || value.equals(List.of()));
        return sorted;
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited in vain");
            Thread.sleep(2);
        }
    }
}
