package dev.rejoin.conformance.editors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The stock editors do with the servers they were made with what their users see. It shows that {@link StockClient} drives
 * and observes them rightly, so that what it shows of our server can be believed.
 */
class ReferenceServersIT {
    private static @Nullable ReferenceServers running;

    @BeforeAll
    static void startServers() throws Exception {
        running = ReferenceServers.start();
    }

    @AfterAll
    static void endServers() throws Exception {
        servers().close();
    }

    private static ReferenceServers servers() {
        return Objects.requireNonNull(running);
    }

    private static StockClient start(Editor editor, String document) throws Exception {
        return StockClient.of(editor, servers().uri(editor), document)
                .token("any")
                .start();
    }

    @ParameterizedTest
    @EnumSource
    void twoOfAKindWriteTogetherAndApartAndSeeEachOther(Editor editor) throws Exception {
        String document = "pair-" + editor;
        try (StockClient ann = start(editor, document);
                StockClient bob = start(editor, document)) {
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

            bob.disconnect();
            bob.delete(0, 2);
            ann.insert(3, "!");
            assertEquals("b", bob.text());
            assertEquals("a-b!", ann.text());
            bob.connect();
            ann.await("text", "b!");
            bob.await("text", "b!", "synced", true);

            // Only now: awareness takes no state for news whose clock it has met, so these servers and clients would
            // not show the returned one again before it renews its state, and never notice that it leaves once more.
            Map<String, ?> shown = Map.of(Long.toString(bob.clientId()), Map.of("name", "Bob"));
            bob.ask("setState", "state", Map.of("name", "Bob"));
            ann.await("states", shown);
            bob.kill();
            ann.await("present", 1);
            settled(editor, ann.status());
            assertEquals(List.of(), asList(ann.status().get("exceptions")), ann::output);
        }
    }

    /** Hocuspocus counts the changes that the server has yet to acknowledge; the others see their changes come back. */
    private static void settled(Editor editor, JsonNode status) {
        if (editor.speaksHocuspocus()) {
            assertEquals(0, status.get("unsynced").asInt(), status::toString);
        }
        assertEquals(List.of(), asList(status.get("unconfirmed")), status::toString);
    }

    private static List<JsonNode> asList(JsonNode array) {
        List<JsonNode> list = new ArrayList<>();
        array.forEach(list::add);
        return list;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void allVersionsShareADocument(boolean hocuspocus) throws Exception {
        List<StockClient> clients = new ArrayList<>();
        try {
            for (Editor editor : Editor.values()) {
                if (editor.speaksHocuspocus() == hocuspocus) {
                    clients.add(start(editor, "shared"));
                }
            }
            String all = SharedDocument.writtenByAll(clients);
            StockClient first = clients.get(0);
            StockClient last = clients.get(clients.size() - 1);
            last.ask(
                    "transact",
                    "commands",
                    List.of(
                            Map.of("do", "push", "values", List.of(1, 2)),
                            Map.of("do", "delete", "index", 2, "length", all.length() - 2)));
            first.await("delta", List.of(SharedDocument.bold("xx")), "array", List.of(1, 2));
            first.ask("arrayDelete", "index", 0, "length", 1);
            last.await("array", List.of(2));

            // nobody tells the provider to come back
            last.ask("cut");
            first.ask("remove", "key", Long.toString(first.clientId()));
            last.await("connections", 2, "synced", true);
            last.await("map", first.ask("map"));
            assertEquals(clients.size() - 1, last.ask("map").size());
            assertEquals(first.ask("stateVector"), last.ask("stateVector"));
        } finally {
            for (StockClient client : clients) {
                client.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = "HOCUSPOCUS_.", mode = EnumSource.Mode.MATCH_ALL)
    void everyChangeIsAcknowledgedOnce(Editor editor) throws Exception {
        try (StockClient client = start(editor, "counted-" + editor)) {
            client.await("synced", true, "unsynced", 0, "scope", "read-write");
            for (int i = 0; i < 5; i++) {
                client.insert(i, "x");
            }
            client.await("unsynced", 0, "sent", Map.of("Update", 5), "received", Map.of("SyncStatus", 6));
            assertEquals(6, client.count("received", "SyncStatus"), "one for the SyncStep2, one for each update");
        }
    }

    @ParameterizedTest
    @EnumSource(names = "HOCUSPOCUS_.", mode = EnumSource.Mode.MATCH_ALL)
    void aRefusedTokenIsTold(Editor editor) throws Exception {
        try (StockClient client = StockClient.of(editor, servers().uri(editor), "refused")
                .token("refused")
                .start()) {
            JsonNode status = client.await("events", Map.of("authenticationFailed", 1));
            assertEquals("permission-denied", status.get("denied").get(0).asText());
        }
    }

    @Test
    void aClientThatCannotDoWhatItIsToldSaysSo() throws Exception {
        try (StockClient client = StockClient.of(Editor.Y_WEBSOCKET_3, servers().uri(Editor.Y_WEBSOCKET_3), "asked")
                .offline()
                .start()) {
            AssertionError refused = assertThrows(AssertionError.class, () -> client.ask("sendToken"));
            assertTrue(refused.getMessage().contains("y-websocket-3 knows no command sendToken"), refused.getMessage());
        }
    }
}
