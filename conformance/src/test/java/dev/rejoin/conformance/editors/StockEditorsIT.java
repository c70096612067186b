package dev.rejoin.conformance.editors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Stock editors of every version, unmodified, at a real server that is killed under them and asks who they are. */
class StockEditorsIT {
    @TempDir
    private static @Nullable Path directory;

    private static @Nullable TokenServer running;

    @BeforeAll
    static void startServer() throws Exception {
        Path place = Objects.requireNonNull(directory);
        Path revoked = Files.writeString(place.resolve("revoked"), "");
        running = TokenServer.start(place, "--jwt-revocations-file", revoked.toString());
    }

    @AfterAll
    static void endServer() throws Exception {
        server().close();
    }

    private static TokenServer server() {
        return Objects.requireNonNull(running);
    }

    private static StockClient.Setup client(Editor editor, String document, String token) {
        return server().client(editor, document, token);
    }

    private static StockClient writer(Editor editor, String document) throws Exception {
        return client(editor, document, Tokens.of("writer", "write")).start();
    }

    /** A writer whose document is there. */
    private static StockClient begun(Editor editor, String document) throws Exception {
        return writer(editor, document).awaitSynced();
    }

    /** Two of a kind at a document of their own. */
    private record Pair(StockClient ann, StockClient bob) {
        static Pair of(Editor editor) throws Exception {
            String document = "pair/" + editor;
            return new Pair(writer(editor, document), writer(editor, document));
        }

        private static Map<String, ?> here(StockClient client, String name) {
            return Map.of(Long.toString(client.clientId()), Map.of("name", name));
        }

        void writeTogether() {
            ann.awaitSynced();
            bob.awaitSynced();
            ann.insert(0, "ab");
            bob.await("text", "ab");
            bob.insert(1, "-");
            ann.await("text", "a-b");
            ann.set("key", Map.of("deep", List.of(1, true)));
            bob.ask("push", "values", List.of("x", 2));
            bob.await("map", Map.of("key", Map.of("deep", List.of(1, true))));
            ann.await("array", List.of("x", 2));
            ann.ask("setState", "state", Map.of("name", "Ann"));
            bob.ask("setState", "state", Map.of("name", "Bob"));
            bob.await("states", here(ann, "Ann"));
        }

        void writeApart() {
            bob.disconnect();
            ann.await("present", 1);
            bob.delete(0, 2);
            ann.insert(3, "!");
            ann.awaitSaved();
        }

        void writeWithoutServer() {
            ann.await("connected", false);
            ann.insert(0, ">");
        }

        void agree() {
            ann.await("text", ">b!", "synced", true);
            bob.await("text", ">b!", "synced", true);
            // a provider passes over a state whose clock it knows, so each is seen again when its state is renewed
            ann.await("states", here(bob, "Bob"));
            bob.await("states", here(ann, "Ann"));
            ann.awaitSaved();
            bob.awaitSaved();
        }

        void part() throws Exception {
            bob.kill();
            ann.await("present", 1);
            assertEquals(List.of(), list(ann.status().get("exceptions")), ann::output);
        }
    }

    /** All kinds at a time: what takes long is that a provider renews its state every 15 s. */
    @Test
    void twoOfEachKindWriteTogetherAndApartThroughAKilledServer() throws Exception {
        List<Pair> pairs = new ArrayList<>();
        try {
            for (Editor editor : Editor.values()) {
                pairs.add(Pair.of(editor));
            }
            pairs.forEach(Pair::writeTogether);
            pairs.forEach(Pair::writeApart);
            server().kill();
            pairs.forEach(Pair::writeWithoutServer);
            server().startAgain();
            pairs.forEach(pair -> pair.bob.connect());
            pairs.forEach(Pair::agree);
            for (Pair pair : pairs) {
                pair.part();
            }
        } finally {
            for (Pair pair : pairs) {
                pair.ann.close();
                pair.bob.close();
            }
        }
    }

    @Test
    void allVersionsOfBothProtocolsShareOneDocument() throws Exception {
        List<StockClient> clients = new ArrayList<>();
        try {
            for (Editor editor : Editor.values()) {
                clients.add(writer(editor, "shared"));
            }
            SharedDocument.writtenByAll(clients);
        } finally {
            for (StockClient client : clients) {
                client.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = "HOCUSPOCUS_.", mode = EnumSource.Mode.MATCH_ALL)
    void everyChangeHasOneStatusAndItComesAfterTheDisk(Editor editor) throws Exception {
        try (StockClient client = writer(editor, "counted/" + editor)) {
            client.await("synced", true, "unsynced", 0, "scope", "read-write");
            for (int i = 0; i < 5; i++) {
                client.insert(i, "x");
            }
            client.await("unsynced", 0, "sent", Map.of("Update", 5), "received", Map.of("SyncStatus", 6));
            assertEquals(6, client.count("received", "SyncStatus"), "one for the SyncStep2, one for each update");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aReaderSeesAllIsSeenAndChangesNothing(Editor editor) throws Exception {
        String document = "read/" + editor;
        try (StockClient ann = begun(editor, document);
                StockClient eve =
                        client(editor, document, Tokens.of("reader", "read")).start()) {
            ann.insert(0, "text");
            ann.awaitSaved();
            eve.await("text", "text", "synced", true);
            eve.ask("setState", "state", Map.of("name", "Eve"));
            ann.await("states", Map.of(Long.toString(eve.clientId()), Map.of("name", "Eve")));
            eve.insert(0, "evil ");
            if (editor.speaksHocuspocus()) {
                eve.await("scope", "readonly", "unsynced", 1, "sent", Map.of("Update", 1));
            } else {
                eve.await("sent", Map.of("Update", 1), "received", Map.of("PermissionDenied", 1));
            }
            ann.insert(4, "!");
            eve.await("contains", "text!");
            ann.awaitSaved();
            assertEquals("text!", ann.text());
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoeverShowsNoTokenIsToldAndGetsNothing(Editor editor) throws Exception {
        try (StockClient ann = writer(editor, "closed/" + editor);
                StockClient eve = client(editor, "closed/" + editor, "nonsense").start()) {
            ann.awaitSynced();
            ann.insert(0, "secret");
            ann.awaitSaved();
            if (editor.speaksHocuspocus()) {
                JsonNode status = eve.await("events", Map.of("authenticationFailed", 1));
                assertTrue(status.get("denied").get(0).asText().startsWith("needs-auth"), status::toString);
            } else {
                eve.await("refused", 401);
            }
            assertEquals("", eve.text());
            assertEquals(
                    List.of(),
                    list(eve.status().get("closes")).stream()
                            .filter(code -> code.asInt() >= 4400)
                            .toList());
        }
    }

    @ParameterizedTest
    @EnumSource(names = "HOCUSPOCUS_.", mode = EnumSource.Mode.MATCH_ALL)
    void oneRefusedDocumentLeavesTheOthersOnItsConnectionAlone(Editor editor) throws Exception {
        try (StockClient ann = writer(editor, "first/" + editor)) {
            ann.awaitSynced();
            ann.ask("open", "document", "second/" + editor, "token", "nonsense");
            ann.ask("wait", "document", "second/" + editor, "for", Map.of("events", Map.of("authenticationFailed", 1)));
            ann.insert(0, "still here");
            ann.awaitSaved();
            assertEquals(1, ann.status().get("connections").asInt());
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoIsRevokedIsOutWithinAMomentAndNobodyElseIs(Editor editor) throws Exception {
        String document = "revoked/" + editor;
        String name = "mallory-" + editor;
        try (StockClient ann = writer(editor, document);
                StockClient eve =
                        client(editor, document, Tokens.of(name, "write")).start()) {
            ann.awaitSynced();
            eve.awaitSynced();
            eve.insert(0, "before");
            ann.await("text", "before");
            Path list = Objects.requireNonNull(directory).resolve("revoked");
            Path next = Objects.requireNonNull(directory).resolve("revoked.next");
            Files.writeString(next, Files.readString(list) + "sub " + name + "\n");
            Files.move(next, list, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            if (editor.speaksHocuspocus()) {
                eve.await("events", Map.of("authenticationFailed", 1));
            } else if (editor == Editor.Y_WEBSOCKET_3) {
                eve.await("closed", 4401, "reconnects", false);
            } else {
                eve.await("refused", 401);
            }
            eve.insert(0, "after ");
            ann.insert(6, "!");
            ann.awaitSaved();
            assertEquals("before!", ann.text());
        }
    }

    @ParameterizedTest
    @EnumSource(names = "HOCUSPOCUS_[34]", mode = EnumSource.Mode.MATCH_ALL)
    void aFreshTokenTurnsAReaderIntoAWriterAndBringsWhatItHadWritten(Editor editor) throws Exception {
        String document = "fresh/" + editor;
        try (StockClient ann = begun(editor, document);
                StockClient eve =
                        client(editor, document, Tokens.of("eve", "read")).start()) {
            eve.await("synced", true, "scope", "readonly");
            eve.insert(0, "kept");
            eve.await("sent", Map.of("Update", 1));
            eve.ask("sendToken", "token", Tokens.of("eve", "write"));
            eve.await("scope", "read-write");
            ann.await("text", "kept");
        }
    }

    private static List<JsonNode> list(JsonNode array) {
        List<JsonNode> list = new ArrayList<>();
        array.forEach(list::add);
        return list;
    }
}
