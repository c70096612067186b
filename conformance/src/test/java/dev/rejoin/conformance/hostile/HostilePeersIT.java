package dev.rejoin.conformance.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.conformance.process.RawPeer;
import dev.rejoin.conformance.process.ServerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server with little memory, two honest clients on one document, and at the same time everybody in {@link Attack}, again and
 * again. Each attacker is told what is wrong, or closed, within its deadline; the honest clients notice nothing: every write of
 * theirs becomes durable, is seen by the other, and is there in the end; and the server holds no more memory than before.
 */
class HostilePeersIT {
    private static final int ROUNDS = Integer.getInteger("rejoin.hostile.rounds", 2);
    private static final long SEED = Long.getLong("rejoin.seed", System.nanoTime());
    private static final String DOCUMENT = "honest/work";
    private static final int HEAP_MEBIBYTES = 64;
    private static final int MAX_GROWTH_BYTES = 16 << 20;
    /* What an honest note may take besides, in the document and in its log. */
    private static final int NOTE_BYTES = 1 << 10;
    private static final int MAX_CONNECTIONS = 400;
    /* Leaves room for the honest and for all other attackers. */
    private static final int CROWD = 250;
    private static final int WARM_UP_WRITES = 100;
    private static final int LEAST_WRITES = 200;

    @TempDir
    Path directory;

    private final Queue<String> failures = new ConcurrentLinkedQueue<>();

    /** Honest writes during the attack. */
    private final AtomicInteger beside = new AtomicInteger();

    private final CountDownLatch over = new CountDownLatch(Attack.values().length);

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void honestClientsNoticeNothingOfHostileOnes() throws Exception {
        ServerProcess.Setup setup =
                SmallServer.in(directory, HEAP_MEBIBYTES, "--max-connections", String.valueOf(MAX_CONNECTIONS));
        Random random = new Random(SEED);
        try (ServerProcess server = setup.start();
                HonestClient ann = new HonestClient(server.syncUri(), DOCUMENT, "ann", new Random(random.nextLong()));
                HonestClient ben = new HonestClient(server.syncUri(), DOCUMENT, "ben", new Random(random.nextLong()))) {
            for (int i = 0; i < WARM_UP_WRITES; i++) {
                ann.writeNote(ben);
                ben.writeNote(ann);
            }
            long before = server.heapBytesInUse();
            List<Thread> honest = List.of(thread("ann", () -> work(ann, ben)), thread("ben", () -> work(ben, ann)));
            attack(server, random);
            for (Thread thread : honest) {
                thread.join();
            }
            assertEquals(List.of(), List.copyOf(failures));
            crowdBeyondTheLimit(server);
            until("all connections but the honest ones are gone", () -> server.metric("rejoin_sessions") == 2);
            long after = server.heapBytesInUse();

            SmallServer.assertUnharmed(server, setup);
            int notes = ann.written().size() + ben.written().size();
            assertTrue(
                    after - before <= MAX_GROWTH_BYTES + (long) NOTE_BYTES * notes,
                    "the heap in use went from " + before + " to " + after);
            assertTrue(server.metric("rejoin_sessions_behind_total") >= 1, "nobody was ever behind");
            same(server, ann, ben);
            System.out.println("HostilePeersIT, seed " + SEED + ": " + ROUNDS + " rounds of " + Attack.values().length
                    + " attacks beside " + notes + " honest writes, the slowest seen after "
                    + Math.max(ann.slowestMillis(), ben.slowestMillis()) + " ms; heap in use " + (before >> 10)
                    + " KiB before, " + (after >> 10) + " KiB after");
            server.terminate();
        } catch (AssertionError | Exception e) {
            throw SmallServer.failure(HostilePeersIT.class, SEED, ROUNDS, setup, e);
        }
    }

    private void attack(ServerProcess server, Random random) {
        Attack.Target target = new Attack.Target(server.port(), DOCUMENT, CROWD);
        for (Attack attack : Attack.values()) {
            Random own = new Random(random.nextLong());
            thread(attack.name(), () -> {
                try {
                    // on a machine that is slow, too, there is something to be noticed
                    for (int round = 1;
                            round <= ROUNDS || (beside.get() < LEAST_WRITES && failures.isEmpty());
                            round++) {
                        attack.run(target, own);
                    }
                } finally {
                    over.countDown();
                }
            });
        }
    }

    /** Writes until all attacks are over. */
    private void work(HonestClient one, HonestClient other) throws Exception {
        while (over.getCount() > 0) {
            one.writeNote(other);
            beside.incrementAndGet();
        }
    }

    private Thread thread(String name, Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (Exception | AssertionError failure) {
                        failures.add(name + ": " + failure);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** More than may be there at once: some are turned away, all are closed, and the next one finds a place. */
    private static void crowdBeyondTheLimit(ServerProcess server) throws Exception {
        double before = server.metric("rejoin_connections_refused_total");
        List<RawPeer> crowd = new ArrayList<>();
        try {
            for (int i = 0; i < MAX_CONNECTIONS; i++) {
                crowd.add(RawPeer.connect(server.port()));
            }
            for (RawPeer peer : crowd) {
                assertEquals(0, peer.rest(Attack.DEADLINE).length, "whoever asks for nothing hears nothing");
            }
        } finally {
            for (RawPeer peer : crowd) {
                peer.close();
            }
        }
        until(
                "with two honest clients there, two of the crowd were too many",
                () -> server.metric("rejoin_connections_refused_total") - before >= 2);
    }

    /** Both clients, a new one, and the disk have the same bytes, and in them each note that was ever acknowledged. */
    private static void same(ServerProcess server, HonestClient ann, HonestClient ben) throws Exception {
        TreeSet<String> acknowledged = new TreeSet<>();
        Stream.of(ann, ben).forEach(client -> acknowledged.addAll(client.written()));
        try (HonestClient fresh = new HonestClient(server.syncUri(), DOCUMENT, "eve", new Random(SEED))) {
            until("everybody has the same bytes", () -> {
                byte[] stored = server.get("/v1/documents/" + DOCUMENT + "?format=state")
                        .body();
                return Stream.of(ann, ben, fresh).allMatch(client -> Arrays.equals(stored, client.state()));
            });
            assertEquals(acknowledged, new TreeSet<>(fresh.notes()));
            fresh.writeNote(ann);
        }
    }

    private static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!attempt(condition)) {
            assertTrue(System.nanoTime() < end, "waited in vain until " + what);
            Thread.sleep(20);
        }
    }

    /** A server that is full closes connections without an answer; whoever asks then asks again. */
    private static boolean attempt(Callable<Boolean> condition) throws Exception {
        try {
            return condition.call();
        } catch (IOException refused) {
            return false;
        }
    }

    private interface Task {
        void run() throws Exception;
    }
}
