package dev.rejoin.conformance.editors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.access.Principal;
import dev.rejoin.server.transport.StatelessMessage;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Stock editors at a server inside a program that has something to say to them, and to ask. */
class EmbeddedEditorsIT {
    private final Queue<StatelessMessage> heard = new ConcurrentLinkedQueue<>();

    /** The token is the name; whoever is called reader reads. */
    private static final AccessPolicy BY_NAME = request -> CompletableFuture.completedFuture(new Grant(
            new Principal(request.token(), ""),
            request.token().equals("reader") ? Capability.READ : Capability.WRITE,
            Grant.NEVER));

    private static StockClient start(Editor editor, SyncServer server, String token) throws Exception {
        URI address = server.uri().resolve(editor.speaksHocuspocus() ? "/hocuspocus" : "/yjs");
        StockClient.Setup setup =
                StockClient.of(editor, URI.create("ws" + address.toString().substring(4)), "d");
        return (editor.speaksHocuspocus() ? setup.token(token) : setup.params(Map.of("token", token))).start();
    }

    @ParameterizedTest
    @EnumSource(names = "HOCUSPOCUS_.", mode = EnumSource.Mode.MATCH_ALL)
    void theApplicationHearsAnswersAndTellsAll(Editor editor) throws Exception {
        try (SyncServer server = SyncServer.builder()
                        .port(0)
                        .access(BY_NAME)
                        .onStateless(message -> {
                            heard.add(message);
                            if (message.payload().equals("fail")) {
                                throw new IllegalStateException("the application has a mistake");
                            }
                            message.answer("to " + message.principal().id() + ": " + message.payload());
                        })
                        .start();
                StockClient ann = start(editor, server, "writer").awaitSynced();
                StockClient bob = start(editor, server, "reader").awaitSynced();
                StockClient eve = start(Editor.Y_WEBSOCKET_3, server, "other").awaitSynced()) {
            ann.ask("sendStateless", "payload", "one");
            ann.await("events", Map.of("stateless", 1));
            bob.ask("sendStateless", "payload", "fail");
            bob.ask("sendStateless", "payload", "two");
            bob.await("events", Map.of("stateless", 1));
            assertTrue(told(ann, "to writer: one"), ann::output);
            assertTrue(told(bob, "to reader: two"), bob::output);
            assertEquals(3, heard.size());
            StatelessMessage first = heard.remove();
            assertEquals("d", first.document().value());
            assertTrue(first.mayWrite() && !heard.remove().mayWrite());

            int sent = server.document("d")
                    .sendStateless("to all")
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
            assertEquals(2, sent, "y-websocket has no such thing");
            for (StockClient client : new StockClient[] {ann, bob}) {
                client.await("events", Map.of("stateless", 2));
                assertTrue(told(client, "to all"), client::output);
            }
            ann.insert(0, "still in step");
            eve.await("text", "still in step");
            bob.await("text", "still in step");
        }
    }

    private static boolean told(StockClient client, String payload) {
        return client.events().stream()
                .anyMatch(event -> event.path("event").asText().equals("stateless")
                        && event.path("payload").asText().equals(payload));
    }

    /** Grants last some seconds, and the server asks for another token half-way; of all versions at a time. */
    @Test
    void whoeverIsAskedForAnotherTokenInTimeIsNeverPutOut() throws Exception {
        AccessPolicy shortLived = request -> {
            long until = Long.parseLong(request.token());
            return CompletableFuture.completedFuture(
                    System.currentTimeMillis() < until
                            ? new Grant(new Principal("ann", ""), Capability.WRITE, until)
                            : Denied.of(Denied.NEEDS_AUTH));
        };
        try (SyncServer server = SyncServer.builder().port(0).access(shortLived).start();
                StockClient second = start(Editor.HOCUSPOCUS_2, server, until(13));
                StockClient third = start(Editor.HOCUSPOCUS_3, server, until(12));
                StockClient fourth = start(Editor.HOCUSPOCUS_4, server, until(12))) {
            for (StockClient client : List.of(second, third, fourth)) {
                client.awaitSynced();
                client.ask("setToken", "token", until(3_600));
            }
            for (StockClient client : List.of(third, fourth)) {
                client.await("received", Map.of("TokenRequest", 1));
                client.await("sent", Map.of("Token", 2));
            }
            // passes over the question, and shows the other token when it has been put out: the others would have been
            // before
            second.await("received", Map.of("TokenRequest", 1));
            second.await("events", Map.of("authenticationFailed", 1));
            assertEquals(0, second.status().get("exceptions").size(), second::output);
            for (StockClient client : List.of(third, fourth)) {
                client.insert(0, "still here");
                JsonNode status = client.await("synced", true, "hasUnsyncedChanges", false);
                assertEquals(1, status.get("connections").asInt(), client::output);
                assertEquals(
                        0,
                        client.events().stream()
                                .filter(event -> event.path("event").asText().equals("authenticationFailed"))
                                .count(),
                        client::output);
            }
        }
    }

    private static String until(int seconds) {
        return Long.toString(System.currentTimeMillis() + TimeUnit.SECONDS.toMillis(seconds));
    }
}
