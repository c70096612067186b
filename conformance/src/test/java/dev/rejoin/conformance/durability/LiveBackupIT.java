package dev.rejoin.conformance.durability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.ConnectionStatus;
import dev.rejoin.client.Rejection;
import dev.rejoin.client.SyncClient;
import dev.rejoin.client.WriteHandle;
import dev.rejoin.conformance.process.ServerProcess;
import dev.rejoin.crdt.ValueCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store is backed up while clients write to it, lost, and restored. What was acknowledged before the backup is there, and what
 * clients know beyond it is not merged into it behind anybody's back.
 */
@Timeout(240)
class LiveBackupIT {
    private static final int CLIENTS = 6;
    private static final int WRITES_BEFORE_EACH_STEP = 40;
    private static final int PATIENCE_SECONDS = 60;

    @TempDir
    Path directory;

    /** One who writes numbered tags into one document, a few at a time. */
    private static final class Typist implements AutoCloseable {
        final String document;
        final SyncClient client;
        final Map<String, WriteHandle> writes = new TreeMap<>();
        private final String name;
        private int number;

        Typist(ServerProcess server, String name, String document) {
            this.name = name;
            this.document = document;
            this.client = SyncClient.builder()
                    .url(server.syncUri())
                    .document(document)
                    .build();
        }

        void write() {
            String tag = name + "-" + number++;
            writes.put(tag, client.write(d -> d.set("tags", ValueCodec.STRING).add(tag)));
        }

        Set<String> acknowledged() {
            Set<String> tags = new TreeSet<>();
            writes.forEach((tag, write) -> {
                if (write.durable().isDone() && !write.durable().isCompletedExceptionally()) {
                    tags.add(tag);
                }
            });
            return tags;
        }

        @Override
        public void close() {
            client.close();
        }
    }

    private String command(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                Path.of("..", "sync-server", "target", "rejoin-server.jar").toString()));
        all.addAll(List.of(arguments));
        Process process = new ProcessBuilder(all).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        return said;
    }

    private ServerProcess.Setup setup(Path data, int port) {
        return new ServerProcess.Setup(
                directory, List.of(), List.of("--port", String.valueOf(port), "--data", data.toString()));
    }

    private static Set<String> tags(ServerProcess server, String document) throws Exception {
        String body = new String(server.get("/v1/documents/" + document).body(), StandardCharsets.UTF_8);
        Set<String> tags = new TreeSet<>();
        Matcher tag = Pattern.compile("\"(client[0-9]+-[0-9]+)\"").matcher(body);
        while (tag.find()) {
            tags.add(tag.group(1));
        }
        return tags;
    }

    private static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited in vain: " + what);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    @Test
    void whatWasAcknowledgedBeforeTheBackupIsThereAndNothingElseIsMergedSilently() throws Exception {
        Path data = directory.resolve("data");
        Path backup = directory.resolve("backup.db");
        ServerProcess.Setup setup = setup(data, ServerProcess.freePort(new Random()));
        List<Typist> typists = new ArrayList<>();
        try {
            ServerProcess server = setup.start();
            Map<String, Set<String>> acknowledgedBefore = new TreeMap<>();
            Map<Typist, Set<String>> pendingAtTheEnd = new java.util.HashMap<>();
            try (server) {
                for (int i = 0; i < CLIENTS; i++) {
                    typists.add(new Typist(server, "client" + i, i < 3 ? "shared" : "own" + i));
                }
                writeOn(
                        typists,
                        () -> typists.stream()
                                .allMatch(typist -> typist.acknowledged().size() >= WRITES_BEFORE_EACH_STEP));
                typists.forEach(typist -> acknowledgedBefore
                        .computeIfAbsent(typist.document, any -> new TreeSet<>())
                        .addAll(typist.acknowledged()));
                String[] said = {""};
                Thread copying = new Thread(() -> {
                    try {
                        said[0] = command("backup", "--data", data.toString(), backup.toString());
                    } catch (Exception e) {
                        said[0] = e.toString();
                    }
                });
                copying.start();
                writeOn(typists, () -> !copying.isAlive());
                assertTrue(said[0].contains("copied while a server was using the store"), said[0]);
                int after = typists.stream()
                        .mapToInt(typist -> typist.acknowledged().size())
                        .sum();
                writeOn(
                        typists,
                        () -> typists.stream()
                                        .mapToInt(
                                                typist -> typist.acknowledged().size())
                                        .sum()
                                >= after + CLIENTS * WRITES_BEFORE_EACH_STEP);
                server.kill();
                // what it had said before has been heard then
                until(
                        "everybody notices",
                        () -> typists.stream()
                                .noneMatch(typist -> typist.client.connection() == ConnectionStatus.CONNECTED));
                for (Typist typist : typists) {
                    typist.write(); // what nobody can have taken
                    Set<String> pending = new HashSet<>(typist.writes.keySet());
                    pending.removeAll(typist.acknowledged());
                    pendingAtTheEnd.put(typist, pending);
                }
            }
            command("restore", "--data", directory.resolve("other").toString(), backup.toString());
            Map<String, Set<String>> inBackup = new TreeMap<>();
            try (ServerProcess other = setup(directory.resolve("other"), 0).start()) {
                for (Typist typist : typists) {
                    inBackup.put(typist.document, tags(other, typist.document));
                }
                other.terminate();
            }
            acknowledgedBefore.forEach((document, tags) -> {
                Set<String> lost = new TreeSet<>(tags);
                lost.removeAll(inBackup.getOrDefault(document, Set.of()));
                assertEquals(Set.of(), lost, "acknowledged before the backup and not in it");
            });
            int known = typists.stream()
                    .mapToInt(typist -> typist.acknowledged().size())
                    .sum();
            assertTrue(
                    known > inBackup.values().stream().mapToInt(Set::size).sum(), "no client is ahead of the backup");

            command("restore", "--replace", "--data", data.toString(), backup.toString());
            try (ServerProcess restored = setup.start()) {
                typists.forEach(typist -> typist.client.goOnline()); // now, not when the pause after a failure is over
                for (Typist typist : typists) {
                    until(
                            typist.document + " settles",
                            () -> typist.client.pending().isEmpty());
                    Set<String> wanted = pendingAtTheEnd.getOrDefault(typist, Set.of());
                    until("refusals", () -> typist.client.rejections().size() >= wanted.size());
                    assertEquals(
                            Set.of("epoch-changed"),
                            new HashSet<>(typist.client.rejections().stream()
                                    .map(Rejection::code)
                                    .toList()));
                    assertEquals(wanted.size(), typist.client.rejections().size(), "each write has a fate");
                }
                for (Typist typist : typists) {
                    assertEquals(inBackup.get(typist.document), tags(restored, typist.document), typist.document);
                    until(
                            "what " + typist.document + " shows",
                            () -> new TreeSet<>(typist.client.snapshot().set("tags", ValueCodec.STRING))
                                    .equals(inBackup.get(typist.document)));
                }
                for (Typist typist : typists) {
                    typist.write();
                }
                for (Typist typist : typists) {
                    until("new writes", () -> typist.client.pending().isEmpty());
                }
                assertEquals(
                        inBackup.get("shared").size() + 3,
                        tags(restored, "shared").size(),
                        "clients go on in the new life");
                restored.terminate();
            }
        } finally {
            typists.forEach(Typist::close);
        }
    }

    /** Everybody writes, and waits when much is pending. */
    private static void writeOn(List<Typist> typists, BooleanSupplier done) throws InterruptedException {
        until("writing", () -> {
            for (Typist typist : typists) {
                if (typist.client.pending().size() < 8) {
                    typist.write();
                }
            }
            return done.getAsBoolean();
        });
    }
}
