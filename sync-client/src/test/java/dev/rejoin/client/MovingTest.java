package dev.rejoin.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.outbox.FileOutbox;
import dev.rejoin.client.outbox.Outbox;
import dev.rejoin.client.outbox.OutboxRecord;
import dev.rejoin.client.outbox.SavedClient;
import dev.rejoin.crdt.CommitEvent;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client between two servers, each a judge with a log of its own. */
@Timeout(120)
class MovingTest {
    private static final int SCHEDULES = Integer.getInteger("rejoin.schedules", 20);

    @TempDir
    Path directory;

    private final FakeServer one = new FakeServer();
    private final FakeServer two = new FakeServer();

    @AfterEach
    void stop() {
        one.close();
        two.close();
    }

    private static SyncClient.Builder client(FakeServer first, FakeServer second) {
        return SyncClient.builder()
                .document("notes/1")
                .servers(List.of(new Servers.Server("one", first), new Servers.Server("two", second)));
    }

    @Test
    void goesToTheNextServerWhenItsOwnIsGoneAndStaysThere() throws Exception {
        try (SyncClient client = client(one, two).moveAfter(Duration.ZERO).build()) {
            client.write(d -> tags(d).add("at one")).durable().get(60, TimeUnit.SECONDS);
            one.down = true;
            one.cut();
            client.write(d -> tags(d).add("at two")).durable().get(60, TimeUnit.SECONDS);
            one.down = false;
            two.cut();
            client.write(d -> tags(d).add("anywhere")).durable().get(60, TimeUnit.SECONDS);
            assertTrue(client.read(d -> tags(d).elements()).containsAll(List.of("at one", "at two", "anywhere")));
            assertEquals(List.of(), client.rejections());
        }
    }

    @Test
    void ofWhatTheOldJudgeWasSentOnlyIncrementsAreLeftToTheUser() throws Exception {
        try (SyncClient client = client(one, two).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            one.mute = true;
            WriteHandle counted = client.write(d -> d.counter("likes").increment(100));
            WriteHandle tagged = client.write(d -> tags(d).add("x"));
            until(() -> one.submits == 2);
            one.down = true;
            one.cut();
            until(() -> client.connection() != ConnectionStatus.CONNECTED);
            WriteHandle unsent = client.write(d -> d.counter("likes").increment(1));
            until(() -> counted.state() == WriteState.IN_DOUBT);
            tagged.durable().get(60, TimeUnit.SECONDS);
            unsent.durable().get(60, TimeUnit.SECONDS);
            assertEquals(1L, likes(two.document));
            assertEquals(List.of("x"), client.read(d -> tags(d).elements()));
            assertEquals(
                    List.of("unknown-outcome"),
                    client.rejections().stream().map(Rejection::code).toList());
        }
    }

    /** The client takes the two for one server, as behind a load balancer, and neither has heard of the other. */
    @Test
    void whatOneServerWasSentIsNotSentToAnotherOfTheSameName() throws Exception {
        AtomicReference<FakeServer> behind = new AtomicReference<>(one);
        try (SyncClient client = client(behind).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            one.mute = true;
            WriteHandle counted = client.write(d -> d.counter("likes").increment(100));
            WriteHandle tagged = client.write(d -> tags(d).add("x"));
            until(() -> one.submits == 2);
            behind.set(two);
            one.cut();
            tagged.durable().get(60, TimeUnit.SECONDS);
            assertEquals(WriteState.IN_DOUBT, counted.state());
            assertEquals(0L, likes(two.document));
            one.replicateTo(two);
            counted.accepted().get(60, TimeUnit.SECONDS);
            assertEquals(100L, (long) client.read(d -> d.counter("likes").value()));
            assertEquals(List.of(), client.rejections());
        }
    }

    @Test
    void whoLeasedTheReplicaIdIsRememberedOverARestart() throws Exception {
        AtomicReference<FakeServer> behind = new AtomicReference<>(one);
        Path file = directory.resolve("box");
        try (SyncClient client = client(behind).outbox(file).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            one.mute = true;
            client.write(d -> d.counter("likes").increment(100));
            until(() -> one.submits == 1);
        }
        behind.set(two);
        try (SyncClient client = client(behind).outbox(file).build()) {
            until(() -> client.sync() == SyncStatus.REJECTED);
            assertEquals(
                    List.of("unknown-outcome"),
                    client.rejections().stream().map(Rejection::code).toList());
            assertEquals(0, two.submits);
        }
    }

    /** The process may have heard a verdict that its outbox does not have, and sent what waited for that. */
    @Test
    void afterARestartADependantIsInDoubtWithWhatItDependsOnAndNotRefused() throws Exception {
        AtomicReference<FakeServer> behind = new AtomicReference<>(one);
        Path file = directory.resolve("box");
        try (SyncClient client = client(behind).outbox(file).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            one.mute = true;
            WriteHandle counted = client.write(d -> d.counter("likes").increment(100));
            client.write(WriteOptions.after(counted), d -> tags(d).add("liked"))
                    .savedLocally()
                    .get(60, TimeUnit.SECONDS);
            until(() -> one.submits == 1);
        }
        behind.set(two);
        try (SyncClient client = client(behind).outbox(file).build()) {
            until(() -> client.sync() == SyncStatus.REJECTED);
            assertEquals(
                    List.of("unknown-outcome", "unknown-outcome"),
                    client.rejections().stream().map(Rejection::code).toList());
            assertEquals(0, two.submits);
        }
    }

    /** The control: servers from before logs were named judge the same write, both of them. */
    @Test
    void serversThatDoNotNameTheirLogsBothJudgeIt() throws Exception {
        one.log = 0;
        two.log = 0;
        AtomicReference<FakeServer> behind = new AtomicReference<>(one);
        try (SyncClient client = client(behind).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            one.mute = true;
            WriteHandle counted = client.write(d -> d.counter("likes").increment(100));
            until(() -> one.submits == 1);
            behind.set(two);
            one.cut();
            counted.durable().get(60, TimeUnit.SECONDS);
            assertEquals(1, two.submits);
        }
    }

    private static SyncClient.Builder client(AtomicReference<FakeServer> behind) {
        return SyncClient.builder()
                .document("notes/1")
                .servers(List.of(
                        new Servers.Server("one name", listener -> behind.get().connect(listener))));
    }

    @Test
    void replicatedStateTellsWhatBecameOfAWriteInDoubt() throws Exception {
        Path file = directory.resolve("box");
        try (SyncClient client =
                client(one, two).outbox(file).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            one.mute = true;
            WriteHandle accepted = client.write(d -> d.counter("likes").increment(100));
            WriteHandle refused = client.write(d -> {
                d.counter("likes").increment(1_000);
                tags(d).add("forbidden");
            });
            until(() -> one.submits == 2);
            one.down = true;
            one.cut();
            until(() -> refused.state() == WriteState.IN_DOUBT && client.sync() == SyncStatus.REJECTED);
            assertEquals(2, client.rejections().size());
            one.replicateTo(two);
            accepted.accepted().get(60, TimeUnit.SECONDS);
            assertEquals("voided", refused.rejection().get(60, TimeUnit.SECONDS).code());
            client.write(d -> tags(d).add("x")).durable().get(60, TimeUnit.SECONDS);
            accepted.durable().get(60, TimeUnit.SECONDS);
            assertEquals(
                    List.of("voided"),
                    client.rejections().stream().map(Rejection::code).toList());
            assertEquals(100L, (long) client.read(d -> d.counter("likes").value()));
        }
    }

    @Test
    void aWriteInDoubtIsStillToldAfterARestartOrDecidedByTheUser() throws Exception {
        Path file = directory.resolve("box");
        try (SyncClient client =
                client(one, two).outbox(file).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            one.mute = true;
            client.write(d -> d.counter("likes").increment(100));
            WriteHandle decided = client.write(d -> d.counter("likes").increment(7));
            until(() -> one.submits == 2);
            one.down = true;
            one.cut();
            until(() -> decided.state() == WriteState.IN_DOUBT && client.sync() == SyncStatus.REJECTED);
            client.discard(client.rejections().get(1).id());
            assertEquals(
                    "unknown-outcome",
                    decided.rejection().get(60, TimeUnit.SECONDS).code());
        }
        try (SyncClient client = client(one, two).outbox(file).build()) {
            assertEquals(1, client.rejections().size());
            until(() -> client.connection() == ConnectionStatus.CONNECTED);
            one.replicateTo(two);
            until(() -> client.rejections().isEmpty());
            assertEquals(107L, (long) client.read(d -> d.counter("likes").value()));
        }
    }

    /** The process ended when the state was on its disk, and what it tells of the doubt was not. */
    @Test
    void stateThatWasSavedBeforeAnOutcomeTellsItAtTheNextStart() throws Exception {
        Path file = directory.resolve("box");
        try (SyncClient client =
                client(one, two).outbox(file).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            one.mute = true;
            WriteHandle write = client.write(d -> d.counter("likes").increment(100));
            until(() -> one.submits == 1);
            one.down = true;
            one.cut();
            until(() -> write.state() == WriteState.IN_DOUBT && client.sync() == SyncStatus.REJECTED);
        }
        try (Outbox box = FileOutbox.open(file)) {
            SavedClient saved = box.load().orElseThrow();
            Delta written = Delta.decode(saved.doubts().get(0).fragment());
            box.append(new OutboxRecord.Confirmed(written.encode(), 0, List.of(), List.of()));
            box.force();
        }
        two.down = true;
        try (SyncClient client = client(one, two).outbox(file).build()) {
            assertEquals(List.of(), client.rejections());
            assertEquals(100L, (long) client.read(d -> d.counter("likes").value()));
        }
    }

    /** The dots are known and the cells are gone: reset by somebody who had seen them, or never accepted. */
    @Test
    void aResetHidesWhetherAWriteInDoubtWasAccepted() throws Exception {
        try (SyncClient client = client(one, two).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            one.mute = true;
            WriteHandle counted = client.write(d -> d.counter("likes").increment(100));
            until(() -> one.submits == 1);
            one.down = true;
            one.cut();
            until(() -> counted.state() == WriteState.IN_DOUBT && client.connection() == ConnectionStatus.CONNECTED);
            one.thread.submit(() -> one.document.counter("likes").reset()).get();
            one.replicateTo(two);
            assertEquals(
                    "what has happened since hides whether this was accepted",
                    counted.rejection().get(60, TimeUnit.SECONDS).message());
        }
    }

    /** The ticket: I deleted it, and it came back. */
    @Test
    void anItemThatWasIssuedAgainAndDeletedStaysDeletedWhenTheFormerServerTellsOfIt() throws Exception {
        try (SyncClient client = client(one, two).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            strand(1, () -> client.write(d -> tags(d).add("milk"))).durable().get(60, TimeUnit.SECONDS);
            client.write(d -> tags(d).remove("milk")).durable().get(60, TimeUnit.SECONDS);
            List<CommitEvent> changes = new CopyOnWriteArrayList<>();
            client.onChange(changes::add);
            List<Integer> pending = new CopyOnWriteArrayList<>();
            client.onStatus(each -> pending.add(each.pending()));
            one.replicateTo(two);
            until(() -> two.submits == 3 && client.pending().isEmpty());
            assertTrue(pending.contains(1), "what the client takes off by itself counts as pending");
            assertEquals(Map.of(), client.snapshot().toMap());
            assertEquals(Map.of(), values(two));
            assertEquals(List.of(), changes, "what the page was told");
            assertEquals(List.of(), client.rejections());
        }
    }

    @Test
    void whatSomebodyElseHasAddedAgainStays() throws Exception {
        try (SyncClient client = client(one, two).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            strand(1, () -> client.write(d -> tags(d).add("milk"))).durable().get(60, TimeUnit.SECONDS);
            client.write(d -> tags(d).remove("milk")).durable().get(60, TimeUnit.SECONDS);
            two.thread.submit(() -> tags(two.document).add("milk")).get();
            one.replicateTo(two);
            until(() -> two.submits == 3 && client.pending().isEmpty());
            assertEquals(Map.of("tags", List.of("milk")), values(two));
        }
    }

    @Test
    void whatWasIssuedAgainStandsOnceAndSoAnybodyCanDeleteIt() throws Exception {
        try (SyncClient client = client(one, two).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            strand(1, () -> client.write(d -> tags(d).add("milk"))).durable().get(60, TimeUnit.SECONDS);
            Delta seen = two.thread.submit(() -> two.document.state()).get();
            one.replicateTo(two);
            until(() -> two.submits == 2 && client.pending().isEmpty());
            assertEquals(Map.of("tags", List.of("milk")), values(two));
            Document other = Document.create();
            other.merge(seen);
            Delta deleted = tags(other).remove("milk");
            two.thread.submit(() -> two.document.merge(deleted)).get();
            assertEquals(Map.of(), values(two));
        }
    }

    /** What one who never moves would see is what is there in the end. */
    @Test
    void objectsOfEveryTypeAreAsTheirAuthorHasLeftThemWhenTheFormerServerTells() throws Exception {
        Consumer<Document> made = d -> {
            tags(d).add("milk");
            d.set("cleared", ValueCodec.STRING).add("milk");
            d.removeWinsSet("again", ValueCodec.STRING).remove("milk");
            d.flag("off").enable();
            d.disableWinsFlag("on").disable();
            d.register("emptied", ValueCodec.STRING).set("a");
            d.mvRegister("rewritten", ValueCodec.STRING).set("a");
            d.map("map").register("removed", ValueCodec.STRING).set("a");
            d.map("map").set("tags", ValueCodec.STRING).add("a");
        };
        Consumer<Document> unmade = d -> {
            tags(d).remove("milk");
            d.set("cleared", ValueCodec.STRING).clear();
            d.removeWinsSet("again", ValueCodec.STRING).add("milk");
            d.flag("off").disable();
            d.disableWinsFlag("on").enable();
            d.register("emptied", ValueCodec.STRING).clear();
            d.mvRegister("rewritten", ValueCodec.STRING).set("b");
            d.map("map").remove("removed");
            d.map("map").set("tags", ValueCodec.STRING).remove("a");
        };
        Document twin = Document.create();
        made.accept(twin);
        unmade.accept(twin);
        try (SyncClient client = client(one, two).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            strand(1, () -> client.write(made)).durable().get(60, TimeUnit.SECONDS);
            client.write(unmade).durable().get(60, TimeUnit.SECONDS);
            one.replicateTo(two);
            until(() -> two.submits == 3 && client.pending().isEmpty());
            assertEquals(twin.toMap(), values(two));
            assertEquals(twin.toMap(), client.snapshot().toMap());
        }
    }

    /** It was in one write with an increment, which is never issued again, and was deleted before the client moved. */
    @Test
    void whatAWriteInDoubtHadPutSomewhereStaysDeletedAlsoAfterARestart() throws Exception {
        Path file = directory.resolve("box");
        try (SyncClient client =
                client(one, two).outbox(file).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            two.down = true;
            WriteHandle counted = strand(
                    1,
                    () -> client.write(d -> {
                        d.counter("likes").increment(100);
                        d.counter("reset").increment(5);
                        tags(d).add("milk");
                        tags(d).add("bread");
                    }));
            until(() -> client.connection() != ConnectionStatus.CONNECTED);
            client.write(d -> {
                d.counter("reset").reset();
                tags(d).remove("milk");
            });
            two.down = false;
            until(() -> counted.state() == WriteState.IN_DOUBT && client.connection() == ConnectionStatus.CONNECTED);
            assertEquals(List.of(), client.pending());
        }
        two.down = true;
        try (SyncClient client = client(one, two).outbox(file).startOffline().build()) {
            assertEquals(1, client.rejections().size());
            assertEquals(Map.of(), client.snapshot().toMap());
        }
        two.down = false;
        try (SyncClient client = client(one, two).outbox(file).build()) {
            until(() -> client.connection() == ConnectionStatus.CONNECTED);
            one.replicateTo(two);
            until(() -> client.rejections().isEmpty() && client.pending().isEmpty());
            Map<String, Object> all = Map.of("likes", 100L, "tags", List.of("bread"));
            assertEquals(all, client.snapshot().toMap());
            assertEquals(all, values(two));
        }
    }

    @Test
    void aRemovalFromBeforeAWriteInDoubtDoesNotTakeOffWhatThatPutsThereAgain() throws Exception {
        try (SyncClient client = client(one, two).moveAfter(Duration.ZERO).build()) {
            client.write(d -> tags(d).add("milk")).durable().get(60, TimeUnit.SECONDS);
            one.replicateTo(two);
            until(() -> values(two).containsKey("tags"));
            one.mute = true;
            WriteHandle removed = client.write(d -> tags(d).remove("milk"));
            strand(
                    3,
                    () -> client.write(d -> {
                        d.counter("likes").increment(100);
                        tags(d).add("milk");
                    }));
            removed.durable().get(60, TimeUnit.SECONDS);
            assertEquals(Map.of(), values(two));
            one.replicateTo(two);
            until(() -> client.rejections().isEmpty() && client.pending().isEmpty());
            assertEquals(Map.of("likes", 100L, "tags", List.of("milk")), values(two));
        }
    }

    @Test
    void whatWasToBeTakenOffByARefusedRemovalShowsAgain() throws Exception {
        try (SyncClient client = client(one, two).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            two.down = true;
            strand(
                    1,
                    () -> client.write(d -> {
                        d.counter("likes").increment(100);
                        tags(d).add("milk");
                    }));
            until(() -> client.connection() != ConnectionStatus.CONNECTED);
            WriteHandle refused = client.write(d -> {
                tags(d).remove("milk");
                tags(d).add("forbidden");
            });
            one.replicateTo(two);
            until(() -> values(two).containsKey("tags"));
            two.down = false;
            assertEquals(
                    "content-rejected",
                    refused.rejection().get(60, TimeUnit.SECONDS).code());
            until(() -> client.pending().isEmpty());
            Map<String, Object> all = Map.of("likes", 100L, "tags", List.of("milk"));
            assertEquals(all, client.snapshot().toMap());
            assertEquals(all, values(two));
            assertEquals(1, client.rejections().size());
        }
    }

    @Test
    void whatIsLaterIsStillKnownAtAThirdServer() throws Exception {
        try (FakeServer three = new FakeServer();
                SyncClient client = SyncClient.builder()
                        .document("notes/1")
                        .servers(List.of(
                                new Servers.Server("one", one),
                                new Servers.Server("two", two),
                                new Servers.Server("three", three)))
                        .moveAfter(Duration.ZERO)
                        .build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            WriteHandle counted = strand(4, () -> {
                List.of("a", "b", "c").forEach(tag -> client.write(d -> tags(d).add(tag)));
                return client.write(d -> {
                    d.counter("likes").increment(100);
                    tags(d).add("milk");
                });
            });
            until(() ->
                    counted.state() == WriteState.IN_DOUBT && client.pending().isEmpty());
            two.replicateTo(three);
            until(() -> values(three).containsKey("tags"));
            two.down = true;
            two.cut();
            client.write(d -> tags(d).add("milk")).durable().get(60, TimeUnit.SECONDS);
            client.write(d -> tags(d).remove("milk")).durable().get(60, TimeUnit.SECONDS);
            assertEquals(2, three.submits);
            one.replicateTo(three);
            until(() -> client.rejections().isEmpty() && client.pending().isEmpty());
            assertEquals(Map.of("likes", 100L, "tags", List.of("a", "b", "c")), values(three));
        }
    }

    @Test
    void whatDependsOnAWriteThatHasNothingToDoAnyMoreIsSent() throws Exception {
        try (SyncClient client = client(one, two).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            two.down = true;
            strand(
                    1,
                    () -> client.write(d -> {
                        d.counter("likes").increment(100);
                        tags(d).add("milk");
                    }));
            until(() -> client.connection() != ConnectionStatus.CONNECTED);
            WriteHandle removed = client.write(d -> tags(d).remove("milk"));
            WriteHandle dependant = client.write(WriteOptions.after(removed), d -> tags(d).add("bread"));
            two.down = false;
            dependant.durable().get(60, TimeUnit.SECONDS);
            assertEquals(Map.of("tags", List.of("bread")), values(two));
        }
    }

    @Test
    void aJudgeThatComesBackInTimeTellsWhatBecameOfAWrite() throws Exception {
        try (SyncClient client =
                client(one, two).moveAfter(Duration.ofMinutes(5)).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            one.mute = true;
            WriteHandle counted = client.write(d -> d.counter("likes").increment(100));
            until(() -> one.submits == 1);
            one.cut();
            one.mute = false;
            counted.durable().get(60, TimeUnit.SECONDS);
            assertEquals(1, one.submits);
            assertEquals(0, two.submits);
        }
    }

    @Test
    void afterARestartItAsksTheServerThatJudgesIt() throws Exception {
        Path file = directory.resolve("box");
        one.down = true;
        try (SyncClient client =
                client(one, two).outbox(file).moveAfter(Duration.ZERO).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            two.mute = true;
            client.write(d -> d.counter("likes").increment(7));
            until(() -> two.submits == 1);
        }
        one.down = false;
        two.mute = false;
        try (SyncClient client = client(one, two).outbox(file).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            assertEquals(7L, (long) client.read(d -> d.counter("likes").value()));
            assertEquals(List.of(), client.rejections());
        }
        assertEquals(1, two.submits);
        assertEquals(0, one.submits);
    }

    @Test
    void settledNeverHangs() throws Exception {
        one.down = true;
        try (SyncClient client = client(one, one).build()) {
            WriteHandle write = client.write(d -> tags(d).add("x"));
            WriteState state = write.settled(Duration.ofMillis(20)).get(60, TimeUnit.SECONDS);
            assertTrue(state.compareTo(WriteState.SENT) < 0, state::toString);
            one.down = false;
            assertEquals(
                    WriteState.DURABLE, write.settled(Duration.ofSeconds(30)).get(60, TimeUnit.SECONDS));
            WriteHandle refused = client.write(d -> tags(d).add("forbidden"));
            assertEquals(
                    WriteState.REJECTED, refused.settled(Duration.ofSeconds(30)).get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void anUnsentWriteCanBeTakenBackAndLaterOnesStay() throws Exception {
        Path file = directory.resolve("box");
        try (SyncClient client = client(one, one).outbox(file).startOffline().build()) {
            WriteHandle regretted = client.write(d -> d.counter("likes").increment(100));
            WriteHandle later = client.write(d -> tags(d).add("x"));
            assertTrue(client.cancel(regretted).get(60, TimeUnit.SECONDS));
            assertFalse(client.cancel(regretted).get(60, TimeUnit.SECONDS));
            assertEquals(
                    "cancelled", regretted.rejection().get(60, TimeUnit.SECONDS).code());
            assertEquals(0L, (long) client.read(d -> d.counter("likes").value()));
            assertEquals(List.of(), client.rejections());
            client.goOnline();
            later.durable().get(60, TimeUnit.SECONDS);
            assertFalse(client.cancel(later).get(60, TimeUnit.SECONDS));
        }
        assertEquals(0L, likes(one.document));
        assertEquals(List.of("x"), List.copyOf(tags(one.document).elements()));
    }

    @Test
    void whatAFormerServerMayHaveAcceptedCannotBeTakenBackAlsoAfterARestart() throws Exception {
        Path file = directory.resolve("box");
        two.mute = true;
        try (SyncClient client = client(one, two).outbox(file).build()) {
            until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
            strand(1, () -> client.write(d -> tags(d).add("milk")));
        }
        try (SyncClient client =
                client(one, two).outbox(file).moveAfter(Duration.ZERO).build()) {
            until(() -> two.hellos > 0);
            WriteHandle unsent = client.write(d -> tags(d).add("bread"));
            assertFalse(client.cancel(client.pending().get(0)).get(60, TimeUnit.SECONDS));
            assertTrue(client.cancel(unsent).get(60, TimeUnit.SECONDS));
        }
    }

    /**
     * Each increment is a power of four of its own, so the joined logs of both judges tell which were counted. Replay with {@code -Drejoin.seed}; more with {@code
     * -Drejoin.schedules}.
     */
    @Test
    void noIncrementCountsTwiceAndNoneThatWasAcceptedIsLost() throws Exception {
        long first = Long.getLong("rejoin.seed", System.nanoTime());
        int doubts = 0;
        for (int i = 0; i < SCHEDULES; i++) {
            doubts += schedule(first + i);
        }
        System.out.println("rejoin.seed=" + first + ", " + SCHEDULES + " schedules, in doubt: " + doubts);
    }

    private static int schedule(long seed) throws Exception {
        Random random = new Random(seed);
        String replay = "-Drejoin.seed=" + seed + " -Drejoin.schedules=1";
        FakeServer[] servers = {new FakeServer(), new FakeServer()};
        List<WriteHandle> writes = new ArrayList<>();
        List<Rejection> refused;
        try (SyncClient client =
                client(servers[0], servers[1]).moveAfter(Duration.ZERO).build()) {
            for (int step = 0; step < 30; step++) {
                FakeServer server = servers[random.nextInt(2)];
                switch (random.nextInt(6)) {
                    case 0 -> {
                        if (server.mute) {
                            speakAgain(server);
                        } else {
                            server.mute = true;
                        }
                    }
                    case 1 -> server.down = !server.down;
                    case 2 -> server.cut();
                    case 3 -> Thread.sleep(random.nextInt(4));
                    default -> {
                        long amount = 1L << 2 * writes.size();
                        writes.add(client.write(d -> d.counter("likes").increment(amount)));
                    }
                }
            }
            for (FakeServer server : servers) {
                server.down = false;
                speakAgain(server);
            }
            // what state has told to be accepted is durable when the judge has said so of anything
            long last = 1L << 2 * writes.size();
            writes.add(client.write(d -> d.counter("likes").increment(last)));
            until(() -> client.pending().isEmpty(), () -> client.status() + ", replay: " + replay);
            refused = client.rejections();
        }
        Document joined = Document.create();
        for (FakeServer server : servers) {
            server.thread.submit(() -> joined.merge(server.document.state())).get();
            server.close();
        }
        long counted = joined.counter("likes").value();
        long doubtful = 0;
        for (Rejection each : refused) {
            assertEquals("unknown-outcome", each.code(), replay);
            doubtful |= (Long) each.mutations().get(0).value();
        }
        for (int i = 0; i < writes.size(); i++) {
            long amount = 1L << 2 * i;
            long times = counted >> 2 * i & 3;
            boolean isDoubtful = (doubtful & amount) != 0;
            assertEquals(
                    isDoubtful ? WriteState.IN_DOUBT : WriteState.DURABLE,
                    writes.get(i).state(),
                    replay);
            assertTrue(isDoubtful ? times <= 1 : times == 1, () -> "counted " + times + " times: " + replay);
        }
        return Long.bitCount(doubtful);
    }

    /** The first server takes these, the last of so many in all, and is gone before it has answered. */
    private WriteHandle strand(int submits, Supplier<WriteHandle> writes) throws InterruptedException {
        one.mute = true;
        WriteHandle write = writes.get();
        until(() -> one.submits == submits);
        one.down = true;
        one.cut();
        return write;
    }

    /** What its document shows, sets in order. */
    private static Map<String, Object> values(FakeServer server) {
        Map<String, Object> values = CompletableFuture.supplyAsync(() -> server.document.toMap(), server.thread)
                .join();
        values.computeIfPresent(
                "tags",
                (name, tags) ->
                        ((List<?>) tags).stream().map(String::valueOf).sorted().toList());
        return values;
    }

    /** In one step: a connection on which something was swallowed must not go on. */
    private static void speakAgain(FakeServer server) {
        server.thread.execute(() -> {
            List.copyOf(server.seats).forEach(seat -> seat.end(1006, ""));
            server.mute = false;
        });
    }

    private static OrSet<String> tags(Document document) {
        return document.set("tags", ValueCodec.STRING);
    }

    private static long likes(Document document) {
        return document.counter("likes").value();
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        until(condition, () -> "waited in vain");
    }

    private static void until(BooleanSupplier condition, Supplier<String> otherwise) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, otherwise);
            Thread.sleep(2);
        }
    }
}
