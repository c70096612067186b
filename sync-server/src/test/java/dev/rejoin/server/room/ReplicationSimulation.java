package dev.rejoin.server.room;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.crdt.ValueCodec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * Rooms of two and three servers that tell each other of their entries over a network that loses, doubles, delays and reorders, with crashes and
 * restarts, from a seed. {@code -Drejoin.seed=N} runs one schedule, {@code -Drejoin.schedules=N} so many.
 */
class ReplicationSimulation {
    private static final int SCHEDULES = Integer.getInteger("rejoin.schedules", 400);
    private static final int STEPS = 60;

    @Test
    void serversBecomeTheSameAndClaimNothingThatTheyLack() {
        Long only = Long.getLong("rejoin.seed");
        long first = only == null ? 1 : only;
        long last = only == null ? SCHEDULES : only;
        int lacking = 0;
        for (long seed = first; seed <= last; seed++) {
            Schedule schedule = new Schedule(seed, true);
            try {
                schedule.run();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + "; replay with -Drejoin.seed=" + seed, e);
            }
            lacking += schedule.refusedForLack;
        }
        assertTrue(only != null || lacking > SCHEDULES, "only " + lacking + " changes came too early");
    }

    /** The control: without the rule that a change is taken only where everything before it is, servers claim what they lack. */
    @Test
    void takingChangesInAnyOrderIsCaught() {
        for (long seed = 1; seed <= SCHEDULES; seed++) {
            try {
                new Schedule(seed, false).run();
            } catch (AssertionError expected) {
                return;
            }
        }
        throw new AssertionError("nothing was noticed in " + SCHEDULES + " schedules");
    }

    /** A write that was acknowledged, with the place that it has in a log. */
    private record Acked(Position position, String tag) {}

    private record Message(int from, int to, Admitted entry) {}

    private static final class Schedule {
        final Random random;
        final boolean inOrder;
        final List<ClusterDesk> desks = new ArrayList<>();
        final List<Message> network = new ArrayList<>();
        final List<Acked> acked = new ArrayList<>();
        int written;
        int refusedForLack;

        /** @param inOrder whether what a change follows on is asked for */
        Schedule(long seed, boolean inOrder) {
            this.inOrder = inOrder;
            random = new Random(seed);
            int servers = 2 + random.nextInt(2);
            for (int i = 0; i < servers; i++) {
                int from = i;
                desks.add(new ClusterDesk(i, seed, entry -> tell(from, entry)));
            }
        }

        void tell(int from, Admitted entry) {
            for (int to = 0; to < desks.size(); to++) {
                if (to != from) {
                    network.add(new Message(from, to, entry));
                }
            }
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                int one = random.nextInt(desks.size());
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> write(one);
                    case 3, 4, 5, 6 -> deliver();
                    case 7 -> pull(one, random.nextInt(desks.size()));
                    case 8 -> lose();
                    default -> {
                        if (random.nextInt(4) == 0) {
                            desks.get(one).crash();
                        }
                    }
                }
                check(one);
            }
            for (int round = 0; round < desks.size(); round++) {
                for (int to = 0; to < desks.size(); to++) {
                    for (int from = 0; from < desks.size(); from++) {
                        pull(to, from);
                    }
                }
            }
            Optional<DocumentView> expected = desks.get(0).view();
            for (int i = 0; i < desks.size(); i++) {
                check(i);
                assertEquals(
                        expected.map(DocumentView::etag),
                        desks.get(i).view().map(DocumentView::etag),
                        "objects of " + i);
                assertEquals(text(0), text(i), "content of " + i);
                for (Acked write : acked) {
                    assertTrue(tags(i).contains(write.tag()), write + " is lost at " + i);
                }
            }
        }

        void write(int server) {
            String tag = "w" + ++written;
            CompletableFuture<DocumentView> done = desks.get(server)
                    .rooms()
                    .document(ClusterDesk.NAME)
                    .transact(document -> {
                        document.set("tags", ValueCodec.STRING).add(tag);
                        document.content().getText("t").insert(0, tag + " ");
                    })
                    .toCompletableFuture();
            if (random.nextInt(3) == 0) {
                desks.get(server).loop.run(); // its commit is under way while other things happen
                done.thenAccept(view -> remember(view, tag));
            } else {
                desks.get(server).commit();
                remember(done.join(), tag);
            }
        }

        void remember(DocumentView view, String tag) {
            acked.add(new Acked(
                    Position.of(view.position().incarnation(), view.position().sequence()), tag));
        }

        void deliver() {
            if (network.isEmpty()) {
                return;
            }
            int index = random.nextInt(network.size());
            Message message = random.nextInt(5) == 0 ? network.get(index) : network.remove(index);
            Admitted entry = message.entry();
            Taken taken = desks.get(message.to()).take(entry, inOrder ? entry.before() : HeldPositions.NONE);
            if (taken.outcome() == Taken.Outcome.LACKING) {
                refusedForLack++;
                if (random.nextBoolean()) {
                    pull(message.to(), message.from());
                }
            } else {
                assertEquals(Taken.Outcome.TAKEN, taken.outcome(), taken.message());
            }
        }

        void pull(int to, int from) {
            if (to == from) {
                return;
            }
            Optional<Holding> here = desks.get(to).holding();
            if (random.nextInt(10) == 0) {
                desks.get(to).crash();
            }
            desks.get(from).lacking(here).ifPresent(excerpt -> {
                Taken taken = desks.get(to).take(excerpt);
                assertEquals(Taken.Outcome.TAKEN, taken.outcome(), taken.message());
            });
        }

        void lose() {
            if (!network.isEmpty()) {
                network.remove(random.nextInt(network.size()));
            }
        }

        /** Whoever claims the place of an acknowledged write has the write, in both parts. */
        void check(int server) {
            Optional<Holding> here = desks.get(server).holding();
            if (here.isEmpty()) {
                return;
            }
            HeldPositions held = here.get().held();
            Set<String> tags = tags(server);
            String text = text(server);
            for (Acked write : acked) {
                if (held.vector().includes(write.position())) {
                    assertTrue(tags.contains(write.tag()), server + " claims " + write + " and lacks it");
                    assertTrue(text.contains(write.tag() + " "), server + " claims " + write + " without its content");
                }
            }
        }

        Set<String> tags(int server) {
            Set<String> tags = new HashSet<>();
            desks.get(server)
                    .view()
                    .map(view -> view.snapshot().toMap().get("tags"))
                    .ifPresent(set -> {
                        for (Object tag : (Iterable<?>) set) {
                            tags.add((String) tag);
                        }
                    });
            return tags;
        }

        String text(int server) {
            CompletableFuture<Optional<ContentView>> view =
                    desks.get(server).rooms().readContent(ClusterDesk.NAME).toCompletableFuture();
            desks.get(server).commit();
            return view.join().map(content -> content.content().text("t")).orElse("");
        }
    }
}
