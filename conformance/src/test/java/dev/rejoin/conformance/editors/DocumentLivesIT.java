package dev.rejoin.conformance.editors;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Stock editors of every version, unmodified, at documents that begin, are deleted, restored and begun anew, while the server is killed. */
class DocumentLivesIT {
    @TempDir
    private static @Nullable Path directory;

    private static @Nullable TokenServer running;

    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeAll
    static void startServer() throws Exception {
        running = TokenServer.start(Objects.requireNonNull(directory));
    }

    @AfterAll
    static void endServer() throws Exception {
        server().close();
    }

    private static TokenServer server() {
        return Objects.requireNonNull(running);
    }

    private static void killAndStart() throws Exception {
        server().kill();
        server().startAgain();
    }

    @ParameterizedTest
    @EnumSource
    void aDocumentIsDeletedRestoredAndBegunAnewThroughKilledServers(Editor editor) throws Exception {
        String document = "lives/" + editor;
        try (StockClient ann = client(editor, document, "write").start();
                StockClient bob = client(editor, document, "write").start()) {
            ann.awaitSynced();
            ann.insert(0, "old");
            ann.awaitSaved();
            bob.await("text", "old");

            assertEquals(204, send("DELETE", document, "").statusCode());
            awaitRefusal(editor, ann, "document-deleted", 4414, 1);
            awaitRefusal(editor, bob, "document-deleted", 4414, 1);
            killAndStart();
            assertEquals(410, send("GET", document, "").statusCode());
            ann.insert(3, " and new");
            reconnect(editor, ann, document);
            awaitRefusal(editor, ann, "document-deleted", 4414, 2);
            assertEquals(410, send("GET", document, "").statusCode(), "what is pending does not bring it back");

            assertEquals(200, send("POST", document, "/restore").statusCode());
            killAndStart();
            reconnect(editor, ann, document);
            ann.await("text", "old and new", "synced", true);
            ann.awaitSaved();
            reconnect(editor, bob, document);
            bob.await("text", "old and new");

            assertEquals(204, send("DELETE", document, "").statusCode());
            assertEquals(200, send("POST", document, "/restore?empty=true").statusCode());
            killAndStart();
            reconnect(editor, ann, document);
            awaitRefusal(editor, ann, "lineage-mismatch", 4411, 1);
            try (StockClient carl = client(editor, document, "write").start()) {
                carl.awaitSynced();
                carl.insert(0, "fresh");
                carl.awaitSaved();
                reconnect(editor, bob, document);
                awaitRefusal(editor, bob, "lineage-mismatch", 4411, 1);
                assertEquals("fresh", carl.text());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aReaderWaitsUntilSomebodyBeginsTheDocument(Editor editor) throws Exception {
        String document = "waiting/" + editor;
        try (StockClient eve = client(editor, document, "read").start()) {
            eve.await("synced", true);
            assertEquals(404, send("GET", document, "").statusCode());
            try (StockClient ann = client(editor, document, "write").start()) {
                ann.awaitSynced();
                ann.insert(0, "begun");
                eve.await("text", "begun");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anotherHistoryUnderTheSameClientIdEndsTheSessionThatBringsIt(Editor editor) throws Exception {
        String document = "twins/" + editor;
        double before = server().metric("rejoin_equivocations_total");
        try (StockClient ann = client(editor, document, "write").clientId(77).start();
                StockClient bob = client(editor, document, "write").start();
                StockClient twin =
                        client(editor, document, "write").clientId(77).start()) {
            ann.awaitSynced();
            bob.awaitSynced();
            twin.awaitSynced();
            // it would take another id as soon as it hears of what somebody wrote under its own
            twin.ask("pause");
            ann.insert(0, "ann");
            bob.await("text", "ann");
            ann.awaitSaved();
            twin.insert(0, "two");
            ann.insert(3, "!");
            bob.await("text", "ann!");
            ann.awaitSaved();
            awaitMetric(before + 1);
            twin.ask("resume");
            awaitRefusal(editor, twin, "equivocation", 4415, 1);
            bob.insert(4, "?");
            ann.await("text", "ann!?");
        }
    }

    private static void awaitMetric(double wanted) throws Exception {
        for (int attempt = 0; attempt < 200 && server().metric("rejoin_equivocations_total") < wanted; attempt++) {
            Thread.sleep(50);
        }
        assertEquals(wanted, server().metric("rejoin_equivocations_total"));
    }

    private static void reconnect(Editor editor, StockClient client, String document) {
        client.disconnect();
        client.await("connected", false);
        if (editor == Editor.HOCUSPOCUS_2) {
            // this one takes a refused document off its connection; it is back before the answer
            client.ask("attach", "document", document);
        }
        client.connect();
    }

    private static void awaitRefusal(Editor editor, StockClient client, String code, int closeCode, int times) {
        client.await("refusedFor", Map.of(code, times));
        if (!editor.speaksHocuspocus()) {
            client.await("closed", closeCode);
        }
    }

    private static StockClient.Setup client(Editor editor, String document, String access) throws Exception {
        return server().client(editor, document, Tokens.of(access, access));
    }

    private HttpResponse<String> send(String method, String document, String suffix) throws Exception {
        return http.send(
                HttpRequest.newBuilder(server().uri().resolve("/v1/documents/" + document + suffix))
                        .header("authorization", "Bearer " + Tokens.of("boss", "admin"))
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
