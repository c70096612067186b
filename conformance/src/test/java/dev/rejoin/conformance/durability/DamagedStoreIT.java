package dev.rejoin.conformance.durability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.ConnectionStatus;
import dev.rejoin.client.SyncClient;
import dev.rejoin.client.WriteHandle;
import dev.rejoin.conformance.process.RawPeer;
import dev.rejoin.conformance.process.ServerProcess;
import dev.rejoin.crdt.ValueCodec;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What people see of a server whose disk has changed bits: which document is damaged, and all the others as ever. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class DamagedStoreIT {
    private static final long SEED = Long.getLong("rejoin.seed", System.nanoTime());
    private static final int DOCUMENTS = 8;
    private static final int WRITES = 11;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final Random random = new Random(SEED);

    private ServerProcess.Setup setup(int port) {
        return new ServerProcess.Setup(
                directory,
                List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
                List.of(
                        "--port",
                        String.valueOf(port),
                        "--data",
                        data().toString(),
                        "--snapshot-entries",
                        "6",
                        "--idle-unload",
                        "1h"));
    }

    private Path data() {
        return directory.resolve("data");
    }

    private static String name(int document) {
        return "stored/" + document;
    }

    @Test
    void whoeverAsksForADamagedDocumentIsToldAndTheOthersGoOn() throws Exception {
        ServerProcess.Setup setup = setup(ServerProcess.freePort(random));
        try (ServerProcess server = setup.start()) {
            fill(server);
            server.terminate();
        }
        Map<StoredValue, Integer> damage = new LinkedHashMap<>();
        List<Integer> damaged = new ArrayList<>();
        for (int document = 0; document < DOCUMENTS; document += 2) {
            List<StoredValue> values = StoredValue.of(data(), name(document));
            assertTrue(values.stream().anyMatch(value -> value.table().equals("entry")), "log rows are stored");
            assertTrue(values.stream().anyMatch(value -> value.table().equals("chunk")), "a snapshot is stored");
            StoredValue hit = values.get(random.nextInt(values.size()));
            damage.put(hit, random.nextInt(hit.bits()));
            damaged.add(document);
        }
        flip(damage);
        WriteHandle waiting;
        try (SyncClient author = client(setup, name(0))) {
            try (ServerProcess server = setup.start()) {
                for (int document = 0; document < DOCUMENTS; document++) {
                    if (damaged.contains(document)) {
                        refused(server, name(document), damage);
                    } else {
                        served(server, document);
                    }
                }
                write(server.syncUri().toString(), "stored/a new one", "x");
                assertEquals(200, server.get("/readyz").statusCode());
                assertEquals(1, server.metric("rejoin_log_up"));
                assertTrue(
                        server.metric("rejoin_documents_corrupt_total") >= damaged.size(),
                        "damage that was found is counted");
                waiting = author.write(d -> d.set("late", ValueCodec.STRING).add("not lost"));
                author.goOnline();
                until(
                        "the author is told",
                        () -> author.connection() == ConnectionStatus.DISCONNECTED
                                && author.status().code().equals("document-corrupt"));
                assertFalse(waiting.durable().isDone(), "a damaged document takes writes");
                server.kill();
            }
            flip(damage);
            try (ServerProcess repaired = setup.start()) {
                author.goOnline();
                waiting.durable().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                for (int document = 1; document < DOCUMENTS; document++) {
                    served(repaired, document);
                }
            }
        }
    }

    @Test
    void aDamagedHeadLeavesWhatIsThereAndBeginsNothingNew() throws Exception {
        ServerProcess.Setup setup = setup(ServerProcess.freePort(random));
        try (ServerProcess server = setup.start()) {
            fill(server);
            server.terminate();
        }
        StoredValue head = StoredValue.head(data(), name(0));
        Map<StoredValue, Integer> damage = Map.of(head, random.nextInt(head.bits()));
        flip(damage);
        try (ServerProcess server = setup.start()) {
            refused(server, name(0), damage);
            refused(server, "stored/never seen", damage);
            for (int document = 1; document < DOCUMENTS; document++) {
                served(server, document);
            }
            assertTrue(server.metric("rejoin_documents_corrupt_total") >= 1, "the damage is counted");
        }
    }

    @Test
    void aServerWhoseWriteAheadLogIsDamagedSaysSoAndDoesNotStart() throws Exception {
        ServerProcess.Setup setup = setup(ServerProcess.freePort(random));
        try (ServerProcess server = setup.start()) {
            fill(server);
            server.kill();
        }
        Path log = data().resolve("rejoin.db-wal");
        byte[] good = Files.readAllBytes(log);
        byte[] bad = good.clone();
        int bit = random.nextInt(8 * good.length / 2);
        bad[bit / 8] ^= (byte) (1 << bit % 8);
        Files.write(log, bad);
        try (ServerProcess server = setup.launch()) {
            assertEquals(1, server.awaitEnd(), "bit " + bit + replay());
        }
        assertTrue(setup.log().contains("rejoin.db-wal is damaged in "), setup.log());
        Files.write(log, good);
        try (ServerProcess server = setup.start()) {
            for (int document = 0; document < DOCUMENTS; document++) {
                served(server, document);
            }
        }
    }

    /** Writes until every document has a snapshot and entries behind it. */
    private static void fill(ServerProcess server) throws Exception {
        for (int document = 0; document < DOCUMENTS; document++) {
            try (SyncClient client = SyncClient.builder()
                    .url(server.syncUri())
                    .document(name(document))
                    .build()) {
                for (int i = 0; i < WRITES; i++) {
                    String element = document + "/" + i;
                    client.write(d -> d.set("elements", ValueCodec.STRING).add(element))
                            .durable()
                            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                }
            }
        }
    }

    private static SyncClient client(ServerProcess.Setup setup, String document) {
        String port = setup.options().get(setup.options().indexOf("--port") + 1);
        return SyncClient.builder()
                .url(URI.create("ws://127.0.0.1:" + port + "/sync"))
                .document(document)
                .startOffline()
                .build();
    }

    private static void flip(Map<StoredValue, Integer> damage) throws Exception {
        for (Map.Entry<StoredValue, Integer> one : damage.entrySet()) {
            one.getKey().flip(one.getValue());
        }
    }

    private void refused(ServerProcess server, String document, Map<StoredValue, Integer> damage) throws Exception {
        String what = document + ", flipped: " + damage + replay();
        HttpResponse<byte[]> answer = server.get("/v1/documents/" + document.replace(" ", "%20"));
        String body = new String(answer.body(), StandardCharsets.UTF_8);
        assertEquals(500, answer.statusCode(), what);
        assertTrue(body.contains("\"code\":\"document-corrupt\""), what + ": " + body);
        try (RawPeer peer = RawPeer.upgraded(server.port())) {
            peer.send(RawPeer.hello(document, random));
            assertEquals(new RawPeer.Ending("document-corrupt", 4510), peer.ending(PATIENCE), what);
        }
    }

    /** It holds what was written, and takes more. */
    private void served(ServerProcess server, int document) throws Exception {
        HttpResponse<byte[]> answer = server.get("/v1/documents/" + name(document));
        String body = new String(answer.body(), StandardCharsets.UTF_8);
        assertEquals(200, answer.statusCode(), body);
        for (int i = 0; i < WRITES; i++) {
            assertTrue(body.contains("\"" + document + "/" + i + "\""), body + replay());
        }
        write(server.syncUri().toString(), name(document), "more");
    }

    private static void write(String url, String document, String element) throws Exception {
        try (SyncClient client =
                SyncClient.builder().url(URI.create(url)).document(document).build()) {
            client.write(d -> d.set("more", ValueCodec.STRING).add(element))
                    .durable()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.call()) {
            assertTrue(System.nanoTime() < end, "waited in vain until " + what);
            Thread.sleep(10);
        }
    }

    private static String replay() {
        return "; replay: mvn verify -pl conformance -am -Dit.test=DamagedStoreIT -DargLine=-Drejoin.seed=" + SEED;
    }
}
