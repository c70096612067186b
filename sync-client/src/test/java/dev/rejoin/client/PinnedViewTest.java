package dev.rejoin.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.document.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class PinnedViewTest {
    private final FakeServer server = new FakeServer();

    @AfterEach
    void stop() {
        server.close();
    }

    private SyncClient client() throws Exception {
        SyncClient client =
                SyncClient.builder().document("notes/1").connector(server).build();
        until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
        return client;
    }

    private static WriteHandle add(SyncClient client, String tag) {
        return client.write(d -> d.set("tags", ValueCodec.STRING).add(tag));
    }

    private static Set<String> tags(PinnedView pin) {
        return new TreeSet<>(pin.snapshot().set("tags", ValueCodec.STRING));
    }

    private static String code(org.junit.jupiter.api.function.Executable refused) {
        return assertThrows(PinException.class, refused).code();
    }

    @Test
    void othersDoNotMoveItAndOwnWritesShow() throws Exception {
        try (SyncClient mine = client();
                SyncClient other = client()) {
            add(mine, "before").durable().get(60, TimeUnit.SECONDS);
            PinnedView pin = mine.session().pin();
            assertEquals(0, pin.behindBy());
            add(other, "theirs").durable().get(60, TimeUnit.SECONDS);
            until(() -> pin.behindBy() == 1);
            assertEquals(Set.of("before"), tags(pin));
            WriteHandle own = add(mine, "mine");
            assertEquals(Set.of("before", "mine"), tags(pin));
            own.durable().get(60, TimeUnit.SECONDS);
            assertEquals(Set.of("before", "mine"), tags(pin), "also once it is confirmed");
            mine.write(d -> d.set("tags", ValueCodec.STRING).remove("before"))
                    .durable()
                    .get(60, TimeUnit.SECONDS);
            assertEquals(Set.of("mine"), tags(pin));
            pin.repin();
            assertEquals(Set.of("mine", "theirs"), tags(pin));
            assertEquals(0, pin.behindBy());
        }
    }

    @Test
    void whatIsRefusedOrTakenBackDoesNotShow() throws Exception {
        try (SyncClient mine = client()) {
            mine.goOffline();
            until(() -> mine.connection() == ConnectionStatus.DISCONNECTED);
            add(mine, "forbidden");
            PinnedView pin = mine.session().pin();
            WriteHandle cancelled = add(mine, "cancelled");
            add(mine, "kept");
            assertEquals(Set.of("cancelled", "forbidden", "kept"), tags(pin));
            assertTrue(mine.cancel(cancelled).get(60, TimeUnit.SECONDS));
            assertEquals(Set.of("forbidden", "kept"), tags(pin));
            mine.goOnline();
            until(() -> mine.rejections().size() == 1);
            assertEquals(Set.of("kept"), tags(pin));
        }
    }

    /** The naive fix: a copy of what showed. */
    @Test
    void aSnapshotAloneDoesNotShowOwnWrites() throws Exception {
        try (SyncClient mine = client()) {
            Snapshot copy = mine.snapshot();
            PinnedView pin = mine.session().pin();
            add(mine, "mine");
            assertEquals(List.of(), copy.set("tags", ValueCodec.STRING));
            assertEquals(Set.of("mine"), tags(pin));
        }
    }

    /** The next naive fix: each own write is done to the copy too. */
    @Test
    void ownWritesCopiedWhenTheyAreMadeKeepWhatIsRefused() throws Exception {
        try (SyncClient mine = client()) {
            Document copy = Document.create();
            copy.merge(mine.snapshot().state());
            PinnedView pin = mine.session().pin();
            add(mine, "forbidden");
            copy.set("tags", ValueCodec.STRING).add("forbidden");
            until(() -> mine.rejections().size() == 1);
            assertEquals(
                    List.of("forbidden"), copy.set("tags", ValueCodec.STRING).elements());
            assertEquals(Set.of(), tags(pin));
        }
    }

    @Test
    void pinsAreBoundedAndSayWhenTheyAreOver() throws Exception {
        try (SyncClient mine = client()) {
            List<PinnedView> pins = new ArrayList<>();
            for (int i = 0; i < LiveSession.MAX_PINS; i++) {
                pins.add(mine.session().pin());
            }
            assertEquals("too-many-pins", code(() -> mine.session().pin()));
            PinnedView closed = pins.get(0);
            closed.close();
            assertTrue(closed.isExpired());
            assertEquals("pin-expired", code(closed::snapshot));
            assertEquals("pin-expired", code(closed::repin));
            PinnedView last = mine.session().pin();
            for (int i = 0; i <= PinnedView.MAX_OWN_WRITES; i++) {
                mine.write(d -> d.counter("likes").increment(1));
            }
            assertEquals("pin-expired", code(last::snapshot), "more was written over it than it may hold");
            last.repin();
            assertEquals(PinnedView.MAX_OWN_WRITES + 1L, last.snapshot().counter("likes"));
        }
    }

    /** A pinned view is the fold of what was there when it was pinned and of what its client has written and was not refused since. */
    @Test
    void generatedWritesShowInTheViewAsInTheModel() throws Exception {
        long seed = Long.getLong("rejoin.seed", System.nanoTime());
        Random random = new Random(seed);
        String replay = "replay with -Drejoin.seed=" + seed;
        try (SyncClient mine = client();
                SyncClient other = client()) {
            Set<String> base = new TreeSet<>();
            for (int i = 0; i < 20; i++) {
                add(mine, "b" + i);
                base.add("b" + i);
            }
            until(() -> mine.pending().isEmpty());
            PinnedView pin = mine.session().pin();
            Set<String> model = new TreeSet<>(base);
            for (int i = 0; i < 200; i++) {
                String own = "m" + random.nextInt(30);
                String removed = "b" + random.nextInt(20);
                switch (random.nextInt(4)) {
                    case 0 -> {
                        add(mine, own);
                        model.add(own);
                    }
                    case 1 -> {
                        mine.write(d -> d.set("tags", ValueCodec.STRING).remove(removed));
                        model.remove(removed);
                    }
                    case 2 -> add(other, "o" + random.nextInt(30));
                    default -> add(mine, "forbidden");
                }
                if (random.nextInt(10) == 0) {
                    Set<String> shown = tags(pin);
                    shown.remove("forbidden");
                    assertEquals(model, shown, replay);
                }
            }
            until(() -> mine.pending().isEmpty() && other.pending().isEmpty());
            assertEquals(model, tags(pin), replay);
        }
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.currentTimeMillis() + 60_000;
        while (!condition.getAsBoolean()) {
            assertTrue(System.currentTimeMillis() < deadline, "in vain");
            Thread.sleep(5);
        }
    }
}
