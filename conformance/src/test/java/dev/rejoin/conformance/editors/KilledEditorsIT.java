package dev.rejoin.conformance.editors;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.conformance.process.ServerProcess;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What stock editors were told is saved survives SIGKILL. A server that lost something would be mended by the editors that
 * still hold it, so after each kill somebody who holds nothing reads the store before they come back.
 *
 * <p>{@code -Drejoin.kills=N} kills so often (default 6), {@code -Drejoin.seed=S} repeats a run.
 */
class KilledEditorsIT {
    private static final int KILLS = Integer.getInteger("rejoin.kills", 6);
    private static final long SEED = Long.getLong("rejoin.seed", System.nanoTime());

    /* Providers that are told of each change. A y-websocket client whose change a killed server has kept hears no more of it. */
    private static final List<Editor> AUTHORS = List.of(Editor.HOCUSPOCUS_3, Editor.HOCUSPOCUS_4);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @Test
    void whatWasSavedIsThereAfterEveryKill() throws Exception {
        Random random = new Random(SEED);
        System.out.println("replay with -Dit.test=KilledEditorsIT -Drejoin.seed=" + SEED + " -Drejoin.kills=" + KILLS);
        int port = ServerProcess.freePort(random);
        List<Author> authors = new ArrayList<>();
        try {
            ServerProcess server = setup(port).quickened().start();
            for (Editor editor : AUTHORS) {
                authors.add(new Author(editor, address(editor, port)));
            }
            for (Author author : authors) {
                author.client.awaitSynced();
                author.thread.start();
            }
            for (int kill = 1; kill <= KILLS; kill++) {
                awaitWords(authors, 1 + random.nextInt(20));
                Thread.sleep(random.nextInt(80));
                server.kill();
                Set<String> saved = new TreeSet<>();
                authors.forEach(author -> saved.addAll(author.saved));
                verify(saved, kill);
                server = setup(port).start();
            }
            awaitWords(authors, 5);
            authors.forEach(author -> author.over = true);
            for (Author author : authors) {
                author.thread.join(60_000);
            }
            server.kill();
            Set<String> saved = new TreeSet<>();
            authors.forEach(author -> saved.addAll(author.saved));
            verify(saved, KILLS + 1);
        } finally {
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

    private static URI address(Editor editor, int port) {
        return URI.create("ws://127.0.0.1:" + port + (editor.speaksHocuspocus() ? "/hocuspocus" : "/yjs"));
    }

    /** Reads the store by a server on another port, which the authors do not know. */
    private void verify(Set<String> saved, int kill) throws Exception {
        try (ServerProcess witness = setup(0).start();
                StockClient reader = StockClient.of(
                                Editor.Y_WEBSOCKET_3, address(Editor.Y_WEBSOCKET_3, witness.port()), "killed")
                        .withoutAwareness()
                        .start()) {
            reader.awaitSynced();
            Set<String> words = Set.of(reader.text().split(" "));
            List<String> lost =
                    saved.stream().filter(word -> !words.contains(word)).toList();
            assertTrue(
                    lost.isEmpty(),
                    "seed " + SEED + ", kill " + kill + ": of " + saved.size() + " saved words these are lost: "
                            + lost);
            witness.terminate();
        }
    }

    private static void awaitWords(List<Author> authors, int more) throws InterruptedException {
        for (Author author : authors) {
            int wanted = author.saved.size() + more;
            long deadline = System.nanoTime() + 60_000_000_000L;
            while (author.saved.size() < wanted) {
                assertTrue(
                        System.nanoTime() < deadline && author.thread.isAlive(),
                        "seed " + SEED + ": nothing is saved any more; " + author.failure + author.client.output());
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
        volatile boolean over;
        volatile String failure = "";

        Author(Editor editor, URI server) throws Exception {
            this.editor = editor;
            client = StockClient.of(editor, server, "killed").start();
            thread = new Thread(this::type, "author with " + editor);
            thread.setDaemon(true);
        }

        private void type() {
            try {
                for (int i = 0; !over; i++) {
                    String word = editor + "-" + i;
                    client.insert(0, word + " ");
                    client.await("synced", true, "hasUnsyncedChanges", false);
                    saved.add(word);
                }
            } catch (AssertionError e) {
                failure = String.valueOf(e.getMessage());
            }
        }
    }
}
