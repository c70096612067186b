package dev.rejoin.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A client whose server no longer keeps how it has judged what the client takes for pending, as when an outbox was put back from a copy. What was written later stays
 * later.
 */
@Timeout(120)
class ForgottenVerdictsTest {
    private static final int SCHEDULES = Integer.getInteger("rejoin.schedules", 20);

    @TempDir
    Path directory;

    private static OrSet<String> tags(Document document) {
        return document.set("tags", ValueCodec.STRING);
    }

    /**
     * Writes all of this; of the first ones the server is sent, it judges them and nobody hears. Then, after a restart, it is met again.
     *
     * @param sent how many
     * @param forgotten of how many of these it does not keep the verdicts
     * @return what the server holds in the end, sets in order, and the list of refusals
     */
    private Map<String, Object> meetAgain(
            String name, int sent, int forgotten, List<Consumer<Document>> writes, List<String> listed, String replay)
            throws InterruptedException {
        Path file = directory.resolve(name);
        try (FakeServer server = new FakeServer()) {
            long through = 0;
            try (SyncClient client = SyncClient.builder()
                    .document("notes/1")
                    .connector(server)
                    .outbox(file)
                    .build()) {
                until(() -> client.sync() == SyncStatus.SYNCHRONIZED, () -> replay);
                server.mute = true;
                for (int i = 0; i < sent; i++) {
                    client.write(writes.get(i));
                    int judged = i + 1;
                    until(() -> server.submits == judged, () -> replay);
                    through = i < forgotten ? issued(server) : through;
                }
                server.down = true;
                server.cut();
                until(() -> client.connection() != ConnectionStatus.CONNECTED, () -> replay);
                writes.subList(sent, writes.size()).forEach(client::write);
            }
            server.forgetVerdicts(through);
            server.mute = false;
            server.down = false;
            try (SyncClient client = SyncClient.builder()
                    .document("notes/1")
                    .connector(server)
                    .outbox(file)
                    .build()) {
                until(
                        () -> client.sync() == SyncStatus.SYNCHRONIZED || client.sync() == SyncStatus.REJECTED,
                        () -> client.status() + ", " + replay);
                until(() -> client.pending().isEmpty(), () -> client.status() + ", " + replay);
                until(() -> values(client.snapshot().toMap()).equals(shown(server)), () -> replay);
                client.rejections().forEach(each -> listed.add(each.code()));
            }
            return shown(server);
        }
    }

    private static long issued(FakeServer server) {
        return CompletableFuture.supplyAsync(server::judgedThrough, server.thread)
                .join();
    }

    private static Map<String, Object> shown(FakeServer server) {
        return values(CompletableFuture.supplyAsync(() -> server.document.toMap(), server.thread)
                .join());
    }

    private static Map<String, Object> values(Map<String, Object> document) {
        Map<String, Object> values = new TreeMap<>(document);
        values.computeIfPresent(
                "tags",
                (name, tags) ->
                        ((List<?>) tags).stream().map(String::valueOf).sorted().toList());
        return values;
    }

    @Test
    void anAdditionIsNotIssuedAgainBehindALaterRemovalThatIsPending() throws Exception {
        List<String> listed = new ArrayList<>();
        Map<String, Object> shown = meetAgain(
                "box",
                1,
                1,
                List.of(d -> tags(d).add("milk"), d -> tags(d).remove("milk"), d -> tags(d).add("bread")),
                listed,
                "");
        assertEquals(Map.of("tags", List.of("bread")), shown);
    }

    @Test
    void anAdditionIsNotIssuedAgainBehindALaterRemovalThatWasAccepted() throws Exception {
        List<String> listed = new ArrayList<>();
        Map<String, Object> shown =
                meetAgain("box", 2, 1, List.of(d -> tags(d).add("milk"), d -> tags(d).remove("milk")), listed, "");
        assertEquals(Map.of(), shown);
    }

    @Test
    void aRemovalIsNotIssuedAgainBehindALaterAddition() throws Exception {
        Map<String, Object> shown = meetAgain(
                "box",
                2,
                2,
                List.of(d -> tags(d).add("milk"), d -> tags(d).remove("milk"), d -> tags(d).add("milk")),
                new ArrayList<>(),
                "");
        assertEquals(Map.of("tags", List.of("milk")), shown);
    }

    @Test
    void aResetIsNotIssuedAgainBehindALaterIncrement() throws Exception {
        Map<String, Object> shown = meetAgain(
                "box",
                2,
                2,
                List.of(
                        d -> d.counter("likes").increment(5),
                        d -> d.counter("likes").reset(),
                        d -> d.counter("likes").increment(2)),
                new ArrayList<>(),
                "");
        assertEquals(Map.of("likes", 2L), shown);
    }

    @Test
    void anIncrementThatAnAcceptedResetMayHaveTakenAwayIsNotSaidToBeRefused() throws Exception {
        List<String> listed = new ArrayList<>();
        Map<String, Object> shown = meetAgain(
                "box",
                2,
                1,
                List.of(
                        d -> d.counter("likes").increment(5),
                        d -> d.counter("likes").reset(),
                        d -> tags(d).add("milk")),
                listed,
                "");
        assertEquals(Map.of("tags", List.of("milk")), shown);
        assertEquals(List.of("unknown-outcome"), listed);
    }

    @Test
    void whatNothingLaterIsAboutIsIssuedAgainAndIsOnNoList() throws Exception {
        List<String> listed = new ArrayList<>();
        Map<String, Object> shown = meetAgain(
                "box",
                1,
                1,
                List.of(
                        d -> tags(d).add("milk"),
                        d -> tags(d).add("bread"),
                        d -> d.counter("likes").increment(2)),
                listed,
                "");
        assertEquals(Map.of("likes", 2L, "tags", List.of("bread", "milk")), shown);
        assertEquals(List.of(), listed);
    }

    /** Each is played on a document whose author has lost nothing. Replay with {@code -Drejoin.seed}; more with {@code -Drejoin.schedules}. */
    @Test
    void whatIsThereInTheEndIsWhatItsAuthorHasWrittenInThatOrder() throws Exception {
        long first = Long.getLong("rejoin.seed", System.nanoTime());
        System.out.println("rejoin.seed=" + first + ", " + SCHEDULES + " schedules");
        int behind = 0;
        for (int i = 0; i < SCHEDULES; i++) {
            long seed = first + i;
            String replay = "-Drejoin.seed=" + seed + " -Drejoin.schedules=1";
            Random random = new Random(seed);
            List<Consumer<Document>> writes = new ArrayList<>();
            Document twin = Document.create();
            for (int n = 2 + random.nextInt(6); n > 0 || writes.size() < 2; n--) {
                Consumer<Document> write = write(random);
                long before = twin.issued();
                write.accept(twin);
                if (twin.issued() > before) {
                    writes.add(write);
                }
            }
            // in every second one something is forgotten, and something else behind it is not
            boolean isBehind = seed % 2 == 0;
            int sent = isBehind ? 1 + random.nextInt(writes.size()) : random.nextInt(writes.size() + 1);
            int forgotten = isBehind ? 1 + random.nextInt(Math.min(sent, writes.size() - 1)) : random.nextInt(sent + 1);
            behind += forgotten > 0 && writes.size() > forgotten ? 1 : 0;
            Map<String, Object> shown = meetAgain("box" + i, sent, forgotten, writes, new ArrayList<>(), replay);
            assertEquals(values(twin.toMap()), shown, replay);
        }
        assertTrue(behind > 0 || SCHEDULES < 20, "nothing was ever behind what was forgotten");
    }

    private static Consumer<Document> write(Random random) {
        String tag = random.nextBoolean() ? "milk" : "bread";
        long value = random.nextInt(100);
        return switch (random.nextInt(8)) {
            case 0 -> d -> d.counter("likes").increment(1 + value);
            case 5 -> d -> d.counter("likes").reset();
            case 6 -> d -> tags(d).clear();
            case 1 -> d -> d.register("title", ValueCodec.STRING).set("title " + value);
            case 2 -> d -> d.flag("done").enable();
            case 3 -> d -> d.flag("done").disable();
            case 4 -> d -> tags(d).remove(tag);
            default -> d -> tags(d).add(tag);
        };
    }

    private static void until(BooleanSupplier condition, Supplier<String> otherwise) throws InterruptedException {
        long deadline = System.currentTimeMillis() + 60_000;
        while (!condition.getAsBoolean()) {
            assertTrue(System.currentTimeMillis() < deadline, otherwise);
            Thread.sleep(2);
        }
    }
}
