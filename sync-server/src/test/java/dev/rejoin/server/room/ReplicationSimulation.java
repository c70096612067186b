package dev.rejoin.server.room;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.sync.session.DocumentName;
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
    private static final DocumentName NAME = DocumentName.of("d");
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
        final List<RoomDesk> desks = new ArrayList<>();
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
                RoomDesk desk = new RoomDesk();
                desk.seed = seed * 1_000 + 100L * i;
                desk.log.name = (i + 1L) << 32;
                desk.log.incarnation = (i + 1L) << 40;
                desk.epochs = new Epochs() {
                    @Override
                    public long first(String document) {
                        return 5;
                    }

                    @Override
                    public long restored(String document, long former) {
                        return former + 1;
                    }

                    @Override
                    public long begunAnew(String document, long former) {
                        return former + 2;
                    }
                };
                desks.add(desk);
                listen(i);
            }
        }

        void listen(int from) {
            desks.get(from).rooms().tellOfAdmissions(new AdmissionListener() {
                @Override
                public boolean isListening() {
                    return true;
                }

                @Override
                public void admitted(Admitted entry) {
                    for (int to = 0; to < desks.size(); to++) {
                        if (to != from) {
                            network.add(new Message(from, to, entry));
                        }
                    }
                }
            });
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
                            crash(one);
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
            Optional<DocumentView> expected = view(0);
            for (int i = 0; i < desks.size(); i++) {
                check(i);
                assertEquals(expected.map(DocumentView::etag), view(i).map(DocumentView::etag), "objects of " + i);
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
                    .document(NAME)
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
            Taken taken = take(
                    message.to(),
                    new Arrival(
                            entry.epoch(),
                            entry.fragment(),
                            entry.update(),
                            inOrder ? entry.before() : HeldPositions.NONE,
                            entry.after(),
                            false));
            if (taken.outcome() == Taken.Outcome.LACKING) {
                refusedForLack++;
                if (random.nextBoolean()) {
                    pull(message.to(), message.from());
                }
            } else {
                assertEquals(Taken.Outcome.TAKEN, taken.outcome(), taken.message());
            }
        }

        Taken take(int server, Arrival arrival) {
            CompletableFuture<Taken> taken =
                    desks.get(server).rooms().take(NAME, arrival).toCompletableFuture();
            desks.get(server).commit();
            return taken.join();
        }

        void pull(int to, int from) {
            if (to == from) {
                return;
            }
            CompletableFuture<Optional<Holding>> here =
                    desks.get(to).rooms().holding(NAME).toCompletableFuture();
            desks.get(to).loop.run();
            byte[] version = here.join().map(Holding::version).orElse(new byte[0]);
            byte[] stateVector = here.join().map(Holding::stateVector).orElse(new byte[0]);
            if (random.nextInt(10) == 0) {
                crash(to);
            }
            CompletableFuture<Optional<Excerpt>> lacking = desks.get(from)
                    .rooms()
                    .excerpt(NAME, 5, version, stateVector, false)
                    .toCompletableFuture();
            desks.get(from).commit();
            lacking.join().ifPresent(excerpt -> {
                Taken taken = take(
                        to,
                        new Arrival(
                                excerpt.epoch(),
                                excerpt.fragment(),
                                excerpt.update(),
                                HeldPositions.NONE,
                                excerpt.held(),
                                true));
                assertEquals(Taken.Outcome.TAKEN, taken.outcome(), taken.message());
            });
        }

        void lose() {
            if (!network.isEmpty()) {
                network.remove(random.nextInt(network.size()));
            }
        }

        /** What is not durable is gone, and the log is opened anew. */
        void crash(int server) {
            RoomDesk desk = desks.get(server);
            desk.log.fail();
            desk.loop.run();
            desk.log.incarnation += 1L << 16;
            desk.reopen();
            listen(server);
        }

        /** Whoever claims the place of an acknowledged write has the write, in both parts. */
        void check(int server) {
            CompletableFuture<Optional<Holding>> here =
                    desks.get(server).rooms().holding(NAME).toCompletableFuture();
            desks.get(server).loop.run();
            if (here.join().isEmpty()) {
                return;
            }
            HeldPositions held = here.join().get().held();
            Set<String> tags = tags(server);
            String text = text(server);
            for (Acked write : acked) {
                if (held.vector().includes(write.position())) {
                    assertTrue(tags.contains(write.tag()), server + " claims " + write + " and lacks it");
                    assertTrue(text.contains(write.tag() + " "), server + " claims " + write + " without its content");
                }
            }
        }

        Optional<DocumentView> view(int server) {
            CompletableFuture<Optional<DocumentView>> view =
                    desks.get(server).rooms().read(NAME).toCompletableFuture();
            desks.get(server).loop.run();
            return view.join();
        }

        Set<String> tags(int server) {
            Set<String> tags = new HashSet<>();
            view(server).map(view -> view.snapshot().toMap().get("tags")).ifPresent(set -> {
                for (Object tag : (Iterable<?>) set) {
                    tags.add((String) tag);
                }
            });
            return tags;
        }

        String text(int server) {
            CompletableFuture<Optional<ContentView>> view =
                    desks.get(server).rooms().readContent(NAME).toCompletableFuture();
            desks.get(server).commit();
            return view.join().map(content -> content.content().text("t")).orElse("");
        }
    }
}
