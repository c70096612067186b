package dev.rejoin.conformance.editors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.conformance.process.ServerProcess;
import dev.rejoin.server.SyncServer;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What stock editors were told is saved survives SIGKILL, and afterwards all of them have the same. A server
 * that lost something would be mended by the editors that still hold it, so after each kill somebody who holds nothing reads the
 * store before they come back.
 *
 * <p>{@code -Drejoin.kills=N} kills so often (default 6), {@code -Drejoin.seed=S} repeats a run.
 */
class KilledEditorsIT {
    private static final int KILLS = Integer.getInteger("rejoin.kills", 6);
    private static final long SEED = Long.getLong("rejoin.seed", System.nanoTime());
    private static final String DOCUMENT = "killed";
    private static final int KILLS_BETWEEN_COMPARISONS = 10;
    private static final long PATIENCE_SECONDS = 60;

    /* Nobody has to wait for clients that wait ever longer before they come back. */
    private static final Map<String, ?> SOON_Y_WEBSOCKET = Map.of("maxBackoffTime", 200);
    private static final Map<String, ?> SOON_HOCUSPOCUS = Map.of("delay", 100, "minDelay", 100, "maxDelay", 200);

    private final Random random = new Random(SEED);
    private final List<Author> authors = new ArrayList<>();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @Test
    void whatWasSavedIsThereAfterEveryKill() throws Exception {
        System.out.println("replay with -Dit.test=KilledEditorsIT -Drejoin.seed=" + SEED + " -Drejoin.kills=" + KILLS);
        ServerProcess.Setup setup = setup(ServerProcess.freePort(random)).quickened();
        ServerProcess server = setup.start();
        try {
            for (Editor editor : Editor.values()) {
                // its count is too low after a reconnect, so it cannot be asked what has been saved; StockEditorsIT
                // kills its server
                if (editor != Editor.HOCUSPOCUS_2) {
                    authors.add(new Author(editor, server.port()));
                }
            }
            for (Author author : authors) {
                author.client.awaitSynced();
                author.thread.start();
            }
            for (int kill = 1; kill <= KILLS; kill++) {
                awaitWords(1 + random.nextInt(8));
                Thread.sleep(random.nextInt(80));
                server.kill();
                verify(kill);
                server = setup.start();
                if (kill % KILLS_BETWEEN_COMPARISONS == 0 || kill == KILLS) {
                    compare(kill);
                }
            }
            awaitWords(5);
            int saved = saved().size();
            compare(KILLS);
            server.kill();
            verify(KILLS + 1);
            System.out.println("KilledEditorsIT, seed " + SEED + ": " + (KILLS + 1) + " kills under " + authors.size()
                    + " editors, " + saved + " words saved, none lost, no two editors apart");
        } finally {
            server.close();
            for (Author author : authors) {
                author.over = true;
                author.client.kill();
            }
        }
    }

    private ServerProcess.Setup setup(int port) {
        return new ServerProcess.Setup(
                directory,
                List.of("-Xmx256m"),
                List.of(
                        "--port",
                        Integer.toString(port),
                        "--data",
                        directory.resolve("data").toString(),
                        "--snapshot-entries",
                        "40"));
    }

    private Set<String> saved() {
        Set<String> saved = new HashSet<>();
        authors.forEach(author -> saved.addAll(author.saved));
        return saved;
    }

    /** Reads the store by a server in this process, on another port, which the authors do not know. */
    private void verify(int kill) throws Exception {
        Set<String> saved = saved();
        try (SyncServer witness =
                SyncServer.builder().port(0).data(directory.resolve("data")).start()) {
            URI content = witness.uri().resolve("/v1/documents/" + DOCUMENT + "?format=content&text=text");
            String read = new ObjectMapper()
                    .readTree(content.toURL().openStream())
                    .get("text")
                    .asText();
            List<String> words = List.of(read.split(" "));
            assertEquals(words.size(), new HashSet<>(words).size(), "seed " + SEED + ": a word is there twice");
            saved.removeAll(new HashSet<>(words));
            assertTrue(saved.isEmpty(), "seed " + SEED + ", kill " + kill + ": saved words are lost: " + saved);
        }
    }

    /** Has all authors rest, and holds what they have against each other. */
    private void compare(int kill) throws Exception {
        for (Author author : authors) {
            author.resting = true;
        }
        for (Author author : authors) {
            author.awaitRest();
        }
        StockClient first = authors.get(0).client;
        String text = first.text();
        Object stateVector = first.ask("stateVector");
        for (Author author : authors) {
            author.client.await("text", text);
            assertEquals(stateVector, author.client.ask("stateVector"), "seed " + SEED + ", kill " + kill);
        }
        for (Author author : authors) {
            author.resting = false;
        }
    }

    private void awaitWords(int more) throws InterruptedException {
        List<Integer> wanted = new ArrayList<>();
        authors.forEach(author -> wanted.add(author.saved.size() + more));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        for (int i = 0; i < authors.size(); i++) {
            while (authors.get(i).saved.size() < wanted.get(i)) {
                authors.get(i).check(deadline);
                Thread.sleep(5);
            }
        }
    }

    /** Types one word after the other and notes those that its provider shows as saved. */
    private static final class Author {
        final StockClient client;
        final Queue<String> saved = new ConcurrentLinkedQueue<>();
        final Thread thread;
        private final Editor editor;
        volatile boolean resting;
        volatile boolean over;
        private volatile boolean atRest;
        private volatile String failure = "";

        Author(Editor editor, int port) throws Exception {
            this.editor = editor;
            URI server = URI.create("ws://127.0.0.1:" + port + (editor.speaksHocuspocus() ? "/hocuspocus" : "/yjs"));
            client = StockClient.of(editor, server, DOCUMENT)
                    .options(editor.speaksHocuspocus() ? SOON_HOCUSPOCUS : SOON_Y_WEBSOCKET)
                    .start();
            thread = new Thread(this::type, "author with " + editor);
            thread.setDaemon(true);
        }

        private void type() {
            try {
                for (int i = 0; !over; i++) {
                    String word = editor + "-" + i;
                    client.insert(0, word + " ");
                    awaitSaved();
                    saved.add(word);
                    rest();
                }
            } catch (AssertionError | InterruptedException e) {
                failure = String.valueOf(e.getMessage());
            }
        }

        private void rest() throws InterruptedException {
            while (resting && !over) {
                atRest = true;
                Thread.sleep(5);
            }
            atRest = false;
        }

        /**
         * Hocuspocus' providers are told of each change. The others have seen all of theirs come back, or have found that the
         * server has them when they connected again.
         */
        private void awaitSaved() {
            boolean counts = editor.speaksHocuspocus();
            client.await("synced", true, counts ? "hasUnsyncedChanges" : "confirmed", !counts);
        }

        void awaitRest() throws InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (!atRest) {
                check(deadline);
                Thread.sleep(5);
            }
        }

        private void check(long deadline) {
            assertTrue(
                    System.nanoTime() < deadline && thread.isAlive(),
                    () -> "seed " + SEED + ", " + editor + ": nothing is saved any more; " + failure + client.output());
        }
    }
}
