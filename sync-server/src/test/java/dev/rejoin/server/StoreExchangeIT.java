package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.access.Principal;
import dev.rejoin.server.room.DocumentView;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole store over HTTP, out of and into a server that serves. */
@Timeout(120)
final class StoreExchangeIT {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** Administrators of everything, and writers. */
    private static final AccessPolicy POLICY = request -> CompletableFuture.completedFuture(
            switch (request.token()) {
                case "admin" -> new Grant(Principal.ANONYMOUS, Capability.ADMIN, Grant.NEVER);
                case "writer" -> new Grant(Principal.ANONYMOUS, Capability.WRITE, Grant.NEVER);
                default -> Grant.denied(Denied.NEEDS_AUTH);
            });

    @TempDir
    Path directory;

    private SyncServer serve(String name) throws IOException {
        return SyncServer.builder()
                .port(0)
                .data(directory.resolve(name))
                .access(POLICY)
                .start();
    }

    private static void write(SyncServer server, String document, String tag) throws Exception {
        server.document(document)
                .transact(changed -> {
                    changed.set("tags", ValueCodec.STRING).add(tag);
                    changed.content().getText("body").insert(0, tag);
                })
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    private static DocumentView view(SyncServer server, String document) throws Exception {
        return server.document(document)
                .read()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS)
                .orElseThrow();
    }

    private static List<String> tags(SyncServer server, String document) throws Exception {
        return view(server, document).snapshot().set("tags", ValueCodec.STRING).stream()
                .sorted()
                .toList();
    }

    private static HttpRequest.Builder request(SyncServer server, String path, String token) {
        return HttpRequest.newBuilder(server.uri().resolve(path)).header("Authorization", "Bearer " + token);
    }

    private static byte[] export(SyncServer server) throws Exception {
        HttpResponse<byte[]> answer =
                HTTP.send(request(server, "/v1/export", "admin").build(), BodyHandlers.ofByteArray());
        assertEquals(200, answer.statusCode());
        assertEquals(
                "application/vnd.rejoin.archive",
                answer.headers().firstValue("content-type").orElseThrow());
        return answer.body();
    }

    private static HttpResponse<String> intake(SyncServer server, byte[] archive, String query) throws Exception {
        return HTTP.send(
                request(server, "/v1/import" + query, "admin")
                        .POST(BodyPublishers.ofByteArray(archive))
                        .build(),
                BodyHandlers.ofString());
    }

    @Test
    void aStoreGoesFromOneRunningServerToAnother() throws Exception {
        try (SyncServer one = serve("one");
                SyncServer two = serve("two")) {
            for (int i = 0; i < 30; i++) {
                write(one, "notes/" + i, "tag" + i);
            }
            write(two, "other", "mine");
            HttpResponse<String> done = intake(two, export(one), "");
            assertEquals(200, done.statusCode(), done.body());
            assertEquals("{\"added\":30,\"replaced\":0,\"skipped\":0}", done.body());
            assertEquals(List.of("tag29"), tags(two, "notes/29"));
            assertEquals(List.of("mine"), tags(two, "other"));
            assertNotEquals(view(one, "notes/3").epoch(), view(two, "notes/3").epoch());
            String content = HTTP.send(
                            request(two, "/v1/documents/notes/3?format=content", "admin")
                                    .build(),
                            BodyHandlers.ofString())
                    .body();
            assertEquals("{\"body\":\"tag3\"}", content);
            write(two, "notes/3", "later");
            assertEquals(List.of("later", "tag3"), tags(two, "notes/3"));
        }
    }

    @Test
    void aDocumentThatWasBegunAnewGoesAlongAndADeletedOneDoesNot() throws Exception {
        try (SyncServer one = serve("one");
                SyncServer two = serve("two")) {
            for (String name : List.of("anew", "deleted")) {
                write(one, name, "x");
                one.document(name).delete().toCompletableFuture().get(60, TimeUnit.SECONDS);
            }
            one.document("anew").beginAnew().toCompletableFuture().get(60, TimeUnit.SECONDS);
            one.document("bare")
                    .transact(changed -> changed.flag("f").enable())
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
            one.document("bare").delete().toCompletableFuture().get(60, TimeUnit.SECONDS);
            one.document("bare").beginAnew().toCompletableFuture().get(60, TimeUnit.SECONDS);
            HttpResponse<String> done = intake(two, export(one), "");
            assertEquals("{\"added\":2,\"replaced\":0,\"skipped\":0}", done.body());
            assertEquals(List.of(), tags(two, "anew"));
            assertEquals(List.of(), tags(two, "bare"));
            write(two, "bare", "later");
            assertEquals(List.of("later"), tags(two, "bare"));
        }
    }

    @Test
    void aLargeStoreIsStreamedBothWays() throws Exception {
        try (SyncServer one = serve("one");
                SyncServer two = serve("two")) {
            for (int i = 0; i < 12; i++) {
                write(one, "notes/" + i, String.valueOf((char) ('a' + i)).repeat(400_000));
            }
            byte[] archive = export(one);
            assertTrue(archive.length > 9_000_000, archive.length + " bytes");
            assertEquals(200, intake(two, archive, "?keep-epochs=true").statusCode());
            assertEquals(view(one, "notes/7").etag(), view(two, "notes/7").etag());
        }
    }

    @Test
    void anImportIsRefusedAsAWhole() throws Exception {
        try (SyncServer one = serve("one");
                SyncServer two = serve("two")) {
            write(one, "a", "x");
            write(one, "b", "x");
            byte[] archive = export(one);
            write(two, "b", "mine");
            HttpResponse<String> conflict = intake(two, archive, "");
            assertEquals(409, conflict.statusCode());
            assertTrue(conflict.body().contains("\"code\":\"conflict\""), conflict.body());
            byte[] bad = archive.clone();
            bad[bad.length / 2] ^= 1;
            for (byte[] broken : List.of(bad, Arrays.copyOf(archive, archive.length - 1), new byte[] {'{', '}'})) {
                HttpResponse<String> malformed = intake(two, broken, "?existing=replace");
                assertEquals(400, malformed.statusCode(), malformed.body());
            }
            assertEquals(400, intake(two, archive, "?existing=ask").statusCode());
            assertFalse(two.document("a")
                    .read()
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS)
                    .isPresent());
            assertEquals(List.of("mine"), tags(two, "b"));
            assertTrue(two.isReady());
        }
    }

    @Test
    void aConnectionThatBreaksWithinAnImportLeavesNothing() throws Exception {
        try (SyncServer one = serve("one");
                SyncServer two = serve("two")) {
            write(one, "a", "x");
            byte[] archive = export(one);
            try (Socket socket = new Socket("127.0.0.1", two.port())) {
                socket.getOutputStream()
                        .write(("POST /v1/import HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer admin\r\nContent-Length: "
                                        + archive.length + "\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                socket.getOutputStream().write(archive, 0, archive.length - 10);
                socket.getOutputStream().flush();
            }
            // the second one waits its turn behind the first at the log
            assertEquals(200, intake(two, archive, "").statusCode());
            assertEquals(List.of("x"), tags(two, "a"));
        }
    }

    @Test
    void documentsThatPeopleHaveOpenAreReplacedAndTheyComeBack() throws Exception {
        try (SyncServer one = serve("one");
                SyncServer two = serve("two")) {
            write(one, "a", "theirs");
            byte[] archive = export(one);
            write(two, "a", "mine");
            TestPeer peer = TestPeer.random().connect(two.syncUri());
            peer.hello("a", "writer");
            peer.submit(Fragments.add(peer.replica, 1, "tags", "pending"));
            peer.update();
            HttpResponse<String> done = intake(two, archive, "?existing=replace");
            assertEquals("{\"added\":0,\"replaced\":1,\"skipped\":0}", done.body());
            assertEquals("overloaded", peer.failureCode());
            assertEquals(List.of("theirs"), tags(two, "a"));
            write(two, "a", "after");
            assertEquals(List.of("after", "theirs"), tags(two, "a"));
            assertTrue(two.isReady(), "the log goes on");
        }
        try (SyncServer two = serve("two")) {
            assertEquals(List.of("after", "theirs"), tags(two, "a"));
        }
    }

    @Test
    void onlyAdministratorsOfEverythingMay() throws Exception {
        try (SyncServer server = serve("one")) {
            for (String path : List.of("/v1/export", "/v1/import")) {
                String method = path.equals("/v1/export") ? "GET" : "POST";
                for (String token : List.of("writer", "nobody")) {
                    HttpResponse<String> answer = HTTP.send(
                            request(server, path, token)
                                    .method(method, BodyPublishers.noBody())
                                    .build(),
                            BodyHandlers.ofString());
                    assertEquals(token.equals("writer") ? 403 : 401, answer.statusCode(), path + token);
                }
                HttpResponse<String> wrong = HTTP.send(
                        request(server, path, "admin")
                                .method("PUT", BodyPublishers.noBody())
                                .build(),
                        BodyHandlers.ofString());
                assertEquals(405, wrong.statusCode());
            }
            HttpResponse<String> foreign = HTTP.send(
                    request(server, "/v1/import", "admin")
                            .header("Origin", "https://evil.example")
                            .POST(BodyPublishers.noBody())
                            .build(),
                    BodyHandlers.ofString());
            assertEquals(403, foreign.statusCode());
        }
        try (SyncServer open = SyncServer.builder().port(0).start()) {
            assertEquals(
                    403,
                    HTTP.send(request(open, "/v1/export", "").build(), BodyHandlers.ofString())
                            .statusCode(),
                    "a server without access configured has no administrators");
        }
    }
}
