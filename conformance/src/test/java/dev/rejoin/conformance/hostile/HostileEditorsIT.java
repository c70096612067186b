package dev.rejoin.conformance.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.conformance.process.ServerProcess;
import dev.rejoin.crdt.yjs.YDoc;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server with little memory, two honest editors in one text, and at the same time everybody in {@link EditorAttack}, again and
 * again. Each attacker is told what is wrong, or gets no more than it may; every word of the honest comes back and is seen by
 * the other; the server holds no more memory than before; and the 99th of 100 words takes about as long as in quiet.
 *
 * <p>How long is printed with its verdict, and held against the bound, twice the quiet or 50 ms, only with
 * {@code -Drejoin.hostile.judge=true}, on a machine with nothing else to do: elsewhere the time says more of others than of the
 * server. {@code -Drejoin.hostile.rounds=N} attacks for longer.
 */
class HostileEditorsIT {
    private static final int ROUNDS = Integer.getInteger("rejoin.hostile.rounds", 2);
    private static final boolean JUDGE = Boolean.getBoolean("rejoin.hostile.judge");
    private static final long SEED = Long.getLong("rejoin.seed", System.nanoTime());
    private static final String DOCUMENT = "honest/text";
    private static final String LARGE_DOCUMENT = "honest/large";
    private static final int LARGE_CHARACTERS = 400_000;
    private static final int HEAP_MEBIBYTES = 96;
    private static final int MAX_GROWTH_BYTES = 64 << 20;
    private static final int QUIET_WORDS = 300;
    private static final int LEAST_WORDS = 100;
    private static final int PAUSE_MILLIS = 5;
    private static final double BOUND_MILLIS = 50;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    private final Queue<String> failures = new ConcurrentLinkedQueue<>();

    /** Honest ones during the attack. */
    private final AtomicInteger words = new AtomicInteger();

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void honestEditorsNoticeNothingOfHostileOnes() throws Exception {
        ServerProcess.Setup setup = SmallServer.in(directory, HEAP_MEBIBYTES, "--idle-unload", "2s");
        Random random = new Random(SEED);
        try (ServerProcess server = setup.start();
                EditorPeer ann = EditorPeer.join(server.port(), DOCUMENT);
                EditorPeer ben = EditorPeer.join(server.port(), DOCUMENT);
                EditorPeer large = EditorPeer.join(server.port(), LARGE_DOCUMENT)) {
            large.update(text("large ".repeat(LARGE_CHARACTERS / 6)));
            large.synchronise();
            large.await("large");
            Writing writing = new Writing(ann, ben);
            for (int i = 0; i < QUIET_WORDS; i++) {
                writing.word();
            }
            // the first words warm the server up
            double quiet = p99(writing.millis.subList(QUIET_WORDS / 2, QUIET_WORDS));
            long before = server.heapBytesInUse();
            CountDownLatch over = attack(server, random);
            while (over.getCount() > 0 && failures.isEmpty()) {
                writing.word();
                words.incrementAndGet();
            }
            over.await();
            assertEquals(List.of(), List.copyOf(failures));
            List<Double> beside = writing.millis.subList(QUIET_WORDS, writing.millis.size());
            double hostile = p99(beside);
            long after = server.heapBytesInUse();
            for (String document : List.of(DOCUMENT, LARGE_DOCUMENT)) {
                try (EditorPeer eve = EditorPeer.join(server.port(), document)) {
                    eve.synchronise();
                    eve.await(document.equals(DOCUMENT) ? writing.last : "large");
                }
            }
            double bound = Math.max(2 * quiet, BOUND_MILLIS);
            System.out.printf(
                    "HostileEditorsIT, seed %d: %d rounds of %d attacks beside %d honest words; p99 %.1f ms in quiet, %.1f ms"
                            + " beside them, %.1f times: %s the bound of %.1f ms; heap in use %d KiB before, %d KiB after%n",
                    SEED,
                    ROUNDS,
                    EditorAttack.values().length,
                    beside.size(),
                    quiet,
                    hostile,
                    hostile / quiet,
                    hostile <= bound ? "within" : "beyond",
                    bound,
                    before >> 10,
                    after >> 10);
            SmallServer.assertUnharmed(server, setup);
            assertTrue(after - before <= MAX_GROWTH_BYTES, "the heap in use went from " + before + " to " + after);
            assertTrue(!JUDGE || hostile <= bound, "p99 is beyond the bound");
            server.terminate();
        } catch (AssertionError | Exception e) {
            throw SmallServer.failure(HostileEditorsIT.class, SEED, ROUNDS, setup, e);
        }
    }

    private CountDownLatch attack(ServerProcess server, Random random) {
        EditorAttack.Target target = new EditorAttack.Target(server.port(), DOCUMENT, LARGE_DOCUMENT);
        CountDownLatch over = new CountDownLatch(EditorAttack.values().length);
        for (EditorAttack attack : EditorAttack.values()) {
            Random own = new Random(random.nextLong());
            Thread thread = new Thread(
                    () -> {
                        try {
                            // on a machine that is slow, too, there is something to be noticed
                            for (int round = 1;
                                    round <= ROUNDS || (words.get() < LEAST_WORDS && failures.isEmpty());
                                    round++) {
                                attack.run(target, own);
                            }
                        } catch (Exception | AssertionError failure) {
                            failures.add(attack + ": " + failure);
                        } finally {
                            over.countDown();
                        }
                    },
                    attack.name());
            thread.setDaemon(true);
            thread.start();
        }
        return over;
    }

    /** Ann and Ben in turn type a word; it is done when both have heard it from the server. */
    private static final class Writing {
        private final EditorPeer ann;
        private final EditorPeer ben;
        final List<Double> millis = new ArrayList<>();
        String last = "";

        Writing(EditorPeer ann, EditorPeer ben) throws Exception {
            this.ann = ann;
            this.ben = ben;
            ann.synchronise();
            ben.synchronise();
        }

        void word() throws Exception {
            EditorPeer author = millis.size() % 2 == 0 ? ann : ben;
            EditorPeer reader = author == ann ? ben : ann;
            last = "word" + millis.size() + " ";
            byte[] had = author.doc.encodeStateVector();
            author.doc.getText("t").insert(0, last);
            byte[] update = author.doc.encodeStateAsUpdate(had);
            long begun = System.nanoTime();
            author.update(update);
            reader.await(last);
            millis.add((System.nanoTime() - begun) / 1e6);
            while (author.raw.hasUnread()) {
                author.hear();
            }
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    private static double p99(List<Double> millis) {
        List<Double> sorted = new ArrayList<>(millis);
        Collections.sort(sorted);
        return sorted.get((int) Math.ceil(sorted.size() * 0.99) - 1);
    }

    private static byte[] text(String text) {
        YDoc doc = YDoc.create();
        doc.getText("t").insert(0, text);
        return doc.encodeStateAsUpdate();
    }
}
