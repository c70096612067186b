package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.access.Principal;
import dev.rejoin.server.room.DocumentUnavailableException;
import dev.rejoin.server.room.DocumentView;
import dev.rejoin.server.room.RoomHandle;
import dev.rejoin.sync.wire.FailureCode;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The end of documents and the way back, over HTTP and in Java. */
class DeletingDocumentsIT {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String ADD_X =
            "{\"mutations\":[{\"path\":[\"tags\"],\"type\":\"set\",\"op\":\"add\",\"value\":\"x\"}]}";

    /** The token says what its bearer may do. */
    private static final AccessPolicy BY_TOKEN = (AccessRequest request) -> CompletableFuture.completedFuture(
            new Grant(Principal.ANONYMOUS, Capability.of(request.token()).orElse(Capability.READ), Grant.NEVER));

    private static SyncServer.Builder server() {
        return SyncServer.builder().port(0).access(BY_TOKEN);
    }

    @Test
    void aDocumentIsDeletedRestoredAndBegunAnew(@TempDir Path data) throws Exception {
        String first;
        try (SyncServer server = server().data(data).start()) {
            first = send(server, "POST", "d", "write", ADD_X).body();
            HttpResponse<String> deleted = send(server, "DELETE", "d", "admin", "");
            assertEquals(204, deleted.statusCode());
            assertEquals("", deleted.body());
            for (HttpResponse<String> refused : List.of(
                    send(server, "GET", "d", "read", ""),
                    send(server, "GET", "d?format=content", "read", ""),
                    send(server, "POST", "d", "write", ADD_X),
                    send(server, "DELETE", "d", "admin", ""))) {
                assertEquals(410, refused.statusCode());
                assertTrue(refused.body().contains("\"code\":\"document-deleted\""), refused.body());
            }
        }
        try (SyncServer server = server().data(data).start()) {
            HttpResponse<String> restored = send(server, "POST", "d/restore", "admin", "");
            assertEquals(200, restored.statusCode());
            assertNotEquals(epoch(first), epoch(restored.body()));
            assertEquals(
                    "{\"tags\":[\"x\"]}", send(server, "GET", "d", "read", "").body());
            HttpResponse<String> again = send(server, "POST", "d/restore", "admin", "");
            assertEquals(409, again.statusCode());
            assertTrue(again.body().contains("\"code\":\"not-deleted\""), again.body());
            send(server, "DELETE", "d", "admin", "");
            HttpResponse<String> anew = send(server, "POST", "d/restore?empty=true", "admin", "");
            assertEquals(200, anew.statusCode());
            assertNotEquals(epoch(restored.body()), epoch(anew.body()));
            assertEquals("{}", send(server, "GET", "d", "read", "").body());
        }
    }

    @Test
    void whatIsNotThereIsNotFoundAndWhatCannotBeReadIsMalformed() throws Exception {
        try (SyncServer server = server().start()) {
            assertEquals(404, send(server, "DELETE", "none", "admin", "").statusCode());
            assertEquals(404, send(server, "POST", "none/restore", "admin", "").statusCode());
            assertEquals(
                    400,
                    send(server, "POST", "none/restore?empty=perhaps", "admin", "")
                            .statusCode());
        }
    }

    @Test
    void onlyAnAdministratorDeletesAndRestores() throws Exception {
        try (SyncServer server = server().start()) {
            send(server, "POST", "d", "write", ADD_X);
            assertEquals(403, send(server, "DELETE", "d", "write", "").statusCode());
            assertEquals(403, send(server, "POST", "d/restore", "write", "").statusCode());
            assertEquals(200, send(server, "GET", "d", "read", "").statusCode());
        }
    }

    @Test
    void aDeletionMayBeBoundToAnEntityTag() throws Exception {
        try (SyncServer server = server().start()) {
            String tag = send(server, "POST", "d", "write", ADD_X)
                    .headers()
                    .firstValue("etag")
                    .orElseThrow();
            HttpResponse<String> stale = send(server, "DELETE", "d", "admin", "", "if-match", "\"other\"");
            assertEquals(412, stale.statusCode());
            assertTrue(stale.body().contains("\"code\":\"precondition-failed\""), stale.body());
            assertEquals(
                    204,
                    send(server, "DELETE", "d", "admin", "", "if-match", tag).statusCode());
        }
    }

    @Test
    void aDocumentWhoseNameEndsInRestoreIsWrittenEncoded() throws Exception {
        try (SyncServer server = server().start()) {
            assertEquals(
                    200, send(server, "POST", "d%2Frestore", "write", ADD_X).statusCode());
            assertEquals(
                    "{\"tags\":[\"x\"]}",
                    send(server, "GET", "d/restore", "read", "").body());
        }
    }

    @Test
    void whatWasDeletedLongEnoughAgoIsGone() throws Exception {
        ServerConfig soon = ServerConfig.DEFAULTS.with(ServerConfig.PORT, 0);
        try (SyncServer server = SyncServer.builder()
                .config(soon.with(ServerConfig.DELETED_RETENTION, Duration.ofSeconds(1)))
                .access(BY_TOKEN)
                .start()) {
            send(server, "POST", "d", "write", ADD_X);
            send(server, "DELETE", "d", "admin", "");
            for (int i = 0; i < 1_200 && send(server, "GET", "d", "read", "").statusCode() == 410; i++) {
                Thread.sleep(50);
            }
            assertEquals(404, send(server, "GET", "d", "read", "").statusCode());
            assertEquals(404, send(server, "POST", "d/restore", "admin", "").statusCode());
            assertTrue(server.metrics().page().contains("rejoin_documents_expired_total 1.0"));
            assertEquals(200, send(server, "POST", "d", "write", ADD_X).statusCode());
        }
    }

    @Test
    void javaDeletesAndRestoresToo() throws Exception {
        try (SyncServer server = SyncServer.builder().port(0).start()) {
            RoomHandle document = server.document("d");
            DocumentView before = get(document.transact(d -> d.flag("f").enable()));
            assertTrue(get(document.delete()));
            ExecutionException refused = assertThrows(ExecutionException.class, () -> get(document.read()));
            assertEquals(FailureCode.DOCUMENT_DELETED, ((DocumentUnavailableException) refused.getCause()).code());
            DocumentView after = get(document.restore()).orElseThrow();
            assertEquals(before.snapshot().toMap(), after.snapshot().toMap());
            assertNotEquals(before.epoch(), after.epoch());
            assertTrue(get(document.beginAnew()).isEmpty());
            get(document.delete());
            assertTrue(
                    get(document.beginAnew()).orElseThrow().snapshot().toMap().isEmpty());
            assertTrue(server.metrics().page().contains("rejoin_documents_deleted_total 2.0"));
        }
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static String epoch(String body) {
        return body.replaceAll(".*\"epoch\":\"([0-9a-f]{16})\".*", "$1");
    }

    private static HttpResponse<String> send(
            SyncServer server, String method, String document, String token, String body, String... headers)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.uri().resolve("/v1/documents/" + document))
                .header("authorization", "Bearer " + token)
                .header("content-type", "application/json")
                .method(method, BodyPublishers.ofString(body));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }
}
