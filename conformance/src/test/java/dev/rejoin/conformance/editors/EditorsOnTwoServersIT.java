package dev.rejoin.conformance.editors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.conformance.process.ServerProcess;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Stock editors, unmodified, half of them at one server and half at another one of the same cluster, which judge what they write and are killed. */
@Timeout(300)
class EditorsOnTwoServersIT {
    private static final long PATIENCE_MILLIS = 60_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static @Nullable Path directory;

    private static final int[] PORTS = new int[2];
    private static final @Nullable RefusingProcess[] SERVERS = new RefusingProcess[2];

    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeAll
    static void startServers() throws Exception {
        Files.writeString(place().resolve("secret"), "a secret that nobody knows, of enough bytes");
        Random random = new Random();
        PORTS[0] = ServerProcess.freePort(random);
        do {
            PORTS[1] = ServerProcess.freePort(random);
        } while (PORTS[1] == PORTS[0]);
        start(0);
        start(1);
    }

    private static void start(int which) throws Exception {
        SERVERS[which] = RefusingProcess.start(
                PORTS[which],
                place().resolve("data-" + which),
                place().resolve("server-" + which + ".log"),
                place().resolve("secret").toString(),
                "ws://127.0.0.1:" + PORTS[1 - which]);
    }

    @AfterAll
    static void endServers() throws Exception {
        server(0).close();
        server(1).close();
    }

    private static Path place() {
        return Objects.requireNonNull(directory);
    }

    private static RefusingProcess server(int which) {
        return Objects.requireNonNull(SERVERS[which]);
    }

    private static StockClient at(int which, Editor editor, String document) throws Exception {
        return StockClient.of(editor, server(which).address(editor), document).start();
    }

    @Test
    void allVersionsOfBothProtocolsShareOneDocument() throws Exception {
        List<StockClient> clients = new ArrayList<>();
        try {
            for (Editor editor : Editor.values()) {
                clients.add(at(clients.size() % 2, editor, "shared"));
            }
            String all = SharedDocument.writtenByAll(clients);
            JsonNode stateVector = clients.get(0).ask("stateVector");
            for (StockClient client : clients) {
                client.await("present", clients.size());
                assertEquals(stateVector, client.ask("stateVector"), client::output);
                assertEquals(0, client.status().get("exceptions").size(), client::output);
            }
            awaitRead("shared", all);
            clients.get(1).kill();
            clients.get(0).await("present", clients.size() - 1);
        } finally {
            for (StockClient client : clients) {
                client.close();
            }
        }
    }

    /** One at each server, of different kinds, at a document of their own. */
    private record Pair(String document, StockClient ann, StockClient bob) {
        static Pair of(Editor editor) throws Exception {
            String document = "killed/" + editor;
            return new Pair(document, at(0, editor, document), at(1, other(editor), document));
        }

        private static Map<String, ?> here(StockClient client, String name) {
            return Map.of(Long.toString(client.clientId()), Map.of("name", name));
        }

        void writeTogether() {
            ann.awaitSynced();
            bob.awaitSynced();
            ann.insert(0, "ab");
            bob.await("text", "ab");
            ann.ask("setState", "state", Map.of("name", "Ann"));
            bob.ask("setState", "state", Map.of("name", "Bob"));
            seeEachOther();
        }

        void seeEachOther() {
            bob.await("states", here(ann, "Ann"));
            ann.await("states", here(bob, "Bob"));
        }

        void writeApart() {
            ann.await("connected", false);
            bob.await("present", 1);
            ann.insert(2, "!");
            bob.delete(0, 1);
            bob.set("key", "of bob");
            ann.set("other", "of ann");
        }

        void agree() {
            ann.await("text", "b!", "map", Map.of("key", "of bob", "other", "of ann"));
            bob.await("text", "b!", "map", Map.of("key", "of bob", "other", "of ann"));
            seeEachOther();
            assertEquals(ann.ask("stateVector"), bob.ask("stateVector"));
        }

        void part() throws InterruptedException {
            ann.kill();
            bob.await("present", 1);
            assertEquals(0, bob.status().get("exceptions").size(), bob::output);
        }
    }

    /** All kinds at a time: what takes long is that a provider renews its state every 15 s. */
    @Test
    void editsOfBothSidesSurviveAServerThatIsKilledAndCursorsComeBack() throws Exception {
        List<Pair> pairs = new ArrayList<>();
        try {
            for (Editor editor : Editor.values()) {
                pairs.add(Pair.of(editor));
            }
            pairs.forEach(Pair::writeTogether);
            server(0).kill();
            pairs.forEach(Pair::writeApart);
            start(0);
            pairs.forEach(Pair::agree);
            for (Pair pair : pairs) {
                awaitRead(pair.document, "b!");
                pair.part();
            }
        } finally {
            for (Pair pair : pairs) {
                pair.ann.close();
                pair.bob.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatOneServerRefusesStaysOutOfBoth(Editor editor) throws Exception {
        String document = "refused/" + editor;
        try (StockClient ann = at(0, editor, document);
                StockClient bob = at(1, other(editor), document)) {
            ann.awaitSynced();
            bob.awaitSynced();
            ann.insert(0, "so ");
            bob.await("text", "so ");
            ann.insert(3, "forbidden");
            ann.insert(12, " it");
            bob.await("text", "so  it");
            ann.await("text", "so  it");
            bob.insert(6, " is");
            bob.set("title", "forbidden");
            ann.await("text", "so  it is", "map", Map.of());
            bob.await("text", "so  it is", "map", Map.of());
            awaitRead(document, "so  it is");
            assertEquals(ann.ask("stateVector"), bob.ask("stateVector"));
            for (StockClient client : List.of(ann, bob)) {
                assertEquals(0, client.status().get("exceptions").size(), client::output);
                String whole = client.ask("update").asText();
                assertFalse(scanned(Base64.getDecoder().decode(whole)).contains("forbidden"));
                // only the notice that tells the author why says the word, in its code
                for (JsonNode frame : client.ask("frames")) {
                    assertFalse(
                            frame.path("direction").asText().equals("received")
                                    && !frame.toString().contains("\"Stateless\"")
                                    && frame.toString().contains("forbidden"),
                            frame::toString);
                }
            }
            assertHeldNowhere();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatWasDeletedAtOneServerIsBroughtBackByNobodyAtTheOther(Editor editor) throws Exception {
        String document = "deleted/" + editor;
        try (StockClient ann = at(0, other(editor), document);
                StockClient bob = at(1, editor, document)) {
            ann.awaitSynced();
            bob.awaitSynced();
            ann.insert(0, "old");
            bob.await("text", "old");
            awaitRead(document, "old");
            server(0).ask("delete", document);
            bob.await("refusedFor", Map.of("document-deleted", 1));
            bob.insert(3, " and pending");
            until("deleted at both", () -> status(1, document) == 410);

            server(0).ask("anew", document);
            until("begun anew at both", () -> status(1, document) == 200);
            try (StockClient carl = at(1, Editor.Y_WEBSOCKET_3, document)) {
                carl.awaitSynced();
                carl.insert(0, "new");
                awaitRead(document, "new");
                bob.disconnect();
                bob.await("connected", false);
                if (editor == Editor.HOCUSPOCUS_2) {
                    // this one takes a refused document off its connection; it is back before the answer
                    bob.ask("attach", "document", document);
                }
                bob.connect();
                bob.await("refusedFor", Map.of("lineage-mismatch", 1));
                assertEquals("new", carl.text());
                awaitRead(document, "new");
            }
        }
    }

    private static Editor other(Editor editor) {
        return editor.speaksHocuspocus() ? Editor.Y_WEBSOCKET_3 : Editor.HOCUSPOCUS_4;
    }

    private static String scanned(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static void assertHeldNowhere() throws Exception {
        for (int which = 0; which < 2; which++) {
            try (Stream<Path> files = Files.walk(place().resolve("data-" + which))) {
                StringBuilder all = new StringBuilder();
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    all.append(scanned(Files.readAllBytes(file)));
                }
                assertTrue(all.indexOf("so ") >= 0, "the files are not where the text is");
                assertFalse(all.indexOf("forbidden") >= 0, "the word is in a file of server " + which);
            }
        }
    }

    /** Waits until both servers read this text out of their documents. */
    private void awaitRead(String document, String text) throws InterruptedException {
        until("the text at both servers", () -> text.equals(read(0, document)) && text.equals(read(1, document)));
    }

    private String read(int which, String document) {
        try {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(server(which)
                                    .http()
                                    .resolve("/v1/documents/" + document + "?format=content&text=text"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            return JSON.readTree(answer.body()).path("text").asText();
        } catch (Exception unreachable) {
            return unreachable.toString();
        }
    }

    private int status(int which, String document) {
        URI uri = server(which).http().resolve("/v1/documents/" + document);
        try {
            return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (Exception unreachable) {
            throw new AssertionError(uri + " is not reached", unreachable);
        }
    }

    private static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long until = System.currentTimeMillis() + PATIENCE_MILLIS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.currentTimeMillis() < until, "in vain: " + what);
            Thread.sleep(50);
        }
    }
}
