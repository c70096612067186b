package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.yjs.YArray;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YMap;
import dev.rejoin.crdt.yjs.YXmlText;
import dev.rejoin.server.room.ContentOutlet;
import dev.rejoin.server.room.ContentSeat;
import dev.rejoin.server.room.MutationValidator.Decision;
import dev.rejoin.server.transport.WebRoot;
import dev.rejoin.sync.dialect.Framing;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What programs that speak HTTP can rely on, over real sockets. */
@Timeout(120)
class HttpEndpointIT {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final String ADD_X =
            "{\"mutations\":[{\"path\":[\"tags\"],\"type\":\"set\",\"op\":\"add\",\"value\":\"x\"}]}";

    @Test
    void whatWasWrittenIsRead() throws Exception {
        try (TestServer server = TestServer.start()) {
            HttpResponse<String> written = post(server, "/v1/documents/a/b%20c", ADD_X);
            assertEquals(200, written.statusCode(), written.body());
            HttpResponse<String> read = get(server, "/v1/documents/a/b%20c");
            assertEquals(200, read.statusCode());
            assertEquals("{\"tags\":[\"x\"]}", read.body());
            assertEquals(
                    "application/json",
                    read.headers().firstValue("content-type").orElseThrow());
            assertEquals(etag(written), etag(read));
            assertTrue(written.body().contains("\"sequence\":1"), written.body());
        }
    }

    @Test
    void aDocumentThatNobodyCreatedIsNotFoundAndNotCreated() throws Exception {
        try (TestServer server = TestServer.start()) {
            for (int i = 0; i < 2; i++) {
                HttpResponse<String> read = get(server, "/v1/documents/nobody");
                assertEquals(404, read.statusCode());
                assertTrue(read.body().contains("\"code\":\"not-found\""));
                assertEquals(
                        "application/problem+json",
                        read.headers().firstValue("content-type").orElseThrow());
            }
        }
    }

    @Test
    void entityTagsSaveBytesAndProtectWrites() throws Exception {
        try (TestServer server = TestServer.start()) {
            String first = etag(post(server, "/v1/documents/d", ADD_X));
            HttpResponse<String> unchanged = HTTP.send(
                    HttpRequest.newBuilder(server.http("/v1/documents/d"))
                            .header("If-None-Match", "\"other\", " + first)
                            .build(),
                    BodyHandlers.ofString());
            assertEquals(304, unchanged.statusCode());
            assertEquals(first, etag(unchanged));
            HttpResponse<String> fresh = postIfMatch(server, ADD_X.replace("\"x\"", "\"y\""), first);
            assertEquals(200, fresh.statusCode());
            HttpResponse<String> late = postIfMatch(server, ADD_X.replace("\"x\"", "\"z\""), first);
            assertEquals(412, late.statusCode());
            assertEquals(
                    "{\"tags\":[\"x\",\"y\"]}", get(server, "/v1/documents/d").body());
        }
    }

    @Test
    void headHasTheHeadersAndNoBody() throws Exception {
        try (TestServer server = TestServer.start()) {
            post(server, "/v1/documents/d", ADD_X);
            HttpResponse<String> head = HTTP.send(
                    HttpRequest.newBuilder(server.http("/v1/documents/d"))
                            .method("HEAD", BodyPublishers.noBody())
                            .build(),
                    BodyHandlers.ofString());
            assertEquals(200, head.statusCode());
            assertEquals("", head.body());
            assertEquals("14", head.headers().firstValue("content-length").orElseThrow());
        }
    }

    @Test
    void theStateComesAsBytesToo() throws Exception {
        try (TestServer server = TestServer.start()) {
            post(server, "/v1/documents/d", ADD_X);
            HttpResponse<byte[]> state = HTTP.send(
                    HttpRequest.newBuilder(server.http("/v1/documents/d?format=state"))
                            .build(),
                    BodyHandlers.ofByteArray());
            assertEquals(1, Delta.decode(state.body()).cellCount());
            assertEquals(400, get(server, "/v1/documents/d?format=xml").statusCode());
        }
    }

    @Test
    void contentComesAsPlainValuesOfItsRoots() throws Exception {
        try (TestServer server = TestServer.start()) {
            edit(server, "d", doc -> {
                doc.getText("code").insert(0, "let x = 1;");
                YXmlText paragraph =
                        doc.getXmlFragment("prose").insertElement(0, "p").insertText(0);
                paragraph.insert(0, "Hello you");
                paragraph.format(6, 3, Map.of("bold", true));
                YArray list = doc.getArray("list");
                list.push(Arrays.asList(1, true, null, new byte[] {1, 2}));
                list.insertArray(4).push(List.of("in"));
                list.push(List.of(0.5));
                YMap map = doc.getMap("map");
                map.set("key", "value");
                map.setMap("inner").set("n", 2);
                doc.getText("emptied").insert(0, "gone");
                doc.getText("emptied").delete(0, 4);
            });
            HttpResponse<String> read = get(server, "/v1/documents/d?format=content");
            assertEquals(200, read.statusCode());
            assertEquals(
                    "application/json",
                    read.headers().firstValue("content-type").orElseThrow());
            assertEquals(new ObjectMapper().readTree("""
                                    {"code": "let x = 1;", "prose": "<p>Hello <bold>you</bold></p>",
                                     "list": [1, true, null, {"$bytes": "AQI="}, ["in"], 0.5], "map": {"key": "value", "inner": {"n": 2}}}
                                    """), new ObjectMapper().readTree(read.body()));
            assertEquals("{}", get(server, "/v1/documents/d").body(), "the objects are another part");
        }
    }

    @Test
    void whoAsksForRootsSaysWhatTheyAre() throws Exception {
        try (TestServer server = TestServer.start()) {
            edit(server, "d", doc -> doc.getText("a b").insert(0, "text"));
            assertEquals(
                    "{\"a b\":\"text\",\"none\":\"\",\"list\":[],\"map\":{},\"xml\":\"\"}",
                    get(server, "/v1/documents/d?format=content&text=a%20b&text=none&array=list&map=map&xml=xml")
                            .body());
            assertEquals(
                    "{\"a b\":[\"t\",\"e\",\"x\",\"t\"]}",
                    get(server, "/v1/documents/d?format=content&array=a%20b").body());
            for (String bad : new String[] {"text=a&xml=a", "text=a&text=a", "map=%ff"}) {
                HttpResponse<String> refused = get(server, "/v1/documents/d?format=content&" + bad);
                assertEquals(400, refused.statusCode(), bad);
                assertTrue(refused.body().contains("\"code\":\"bad-format\""), bad);
            }
            assertEquals(404, get(server, "/v1/documents/e?format=content").statusCode());
        }
    }

    @Test
    void theEntityTagOfContentChangesWithItsInsertsAndDeletesOnly() throws Exception {
        try (TestServer server = TestServer.start()) {
            YDoc doc = edit(server, "d", first -> first.getText("t").insert(0, "abc"));
            String path = "/v1/documents/d?format=content";
            String first = etag(get(server, path));
            assertFalse(first.startsWith("W/"));
            post(server, "/v1/documents/d", ADD_X);
            HttpResponse<String> unchanged = HTTP.send(
                    HttpRequest.newBuilder(server.http(path))
                            .header("If-None-Match", first)
                            .build(),
                    BodyHandlers.ofString());
            assertEquals(304, unchanged.statusCode());
            assertEquals(first, etag(unchanged));
            assertEquals("", unchanged.body());
            doc.getText("t").delete(1, 1);
            send(server, "d", doc);
            HttpResponse<String> after = HTTP.send(
                    HttpRequest.newBuilder(server.http(path))
                            .header("If-None-Match", first)
                            .build(),
                    BodyHandlers.ofString());
            assertEquals("{\"t\":\"ac\"}", after.body());
            assertFalse(first.equals(etag(after)));
        }
    }

    @Test
    void contentNestedAsDeepAsItMayBeIsAnswered() throws Exception {
        try (TestServer server = TestServer.start()) {
            int depth = 20_000;
            edit(server, "d", doc -> {
                YArray array = doc.getArray("a");
                for (int i = 1; i < depth; i++) {
                    array = array.insertArray(0);
                }
            });
            assertEquals(
                    "{\"a\":" + "[".repeat(depth) + "]".repeat(depth) + "}",
                    get(server, "/v1/documents/d?format=content").body());
        }
    }

    @Test
    void writesReachTheSessions() throws Exception {
        try (TestServer server = TestServer.start();
                TestPeer ann = TestPeer.random().connect(server)) {
            ann.hello("d");
            post(server, "/v1/documents/d", ADD_X);
            ann.update();
            assertEquals(1, ann.state.cellCount());
            ann.submit(Fragments.add(ann.replica, 1, "tags", "y"));
            ann.update();
            assertTrue(get(server, "/v1/documents/d").body().contains("\"y\""), "acknowledged is visible");
        }
    }

    @Test
    void refusedWritesAreNotAppliedAndSayWhy() throws Exception {
        TestServer.Setup setup = new TestServer.Setup();
        setup.validator = change -> change.mutations().stream().anyMatch(m -> "x".equals(m.value()))
                ? Decision.reject("content-rejected", "not x")
                : Decision.accept();
        try (TestServer server = new TestServer(setup)) {
            HttpResponse<String> refused = post(server, "/v1/documents/d", ADD_X);
            assertEquals(422, refused.statusCode());
            assertTrue(refused.body().contains("\"code\":\"content-rejected\""));
            assertEquals(404, get(server, "/v1/documents/d").statusCode(), "a refused write begins no document");
        }
    }

    @Test
    void badRequestsAreRefusedWithACode() throws Exception {
        try (TestServer server = TestServer.start()) {
            assertEquals(400, post(server, "/v1/documents/d", "{").statusCode());
            assertEquals(400, post(server, "/v1/documents/d", "").statusCode());
            assertEquals(
                    400, post(server, "/v1/documents/d", "{\"mutations\":[]}").statusCode());
            assertEquals(
                    400,
                    post(server, "/v1/documents/d", ADD_X.replace("\"set\"", "\"wat\""))
                            .statusCode());
            assertEquals(
                    400,
                    post(server, "/v1/documents/d", "{\"mutations\":" + "[".repeat(5_000) + "]".repeat(5_000) + "}")
                            .statusCode());
            assertEquals(400, get(server, "/v1/documents/a//b").statusCode());
            assertEquals(400, get(server, "/v1/documents/%ff").statusCode());
            assertEquals(400, get(server, "/v1/documents/a%2f..%2fb").statusCode());
            assertEquals(400, get(server, "/v1/documents/" + "x".repeat(300)).statusCode());
            assertEquals(
                    405,
                    HTTP.send(
                                    HttpRequest.newBuilder(server.http("/v1/documents/d"))
                                            .PUT(BodyPublishers.noBody())
                                            .build(),
                                    BodyHandlers.ofString())
                            .statusCode());
            assertEquals(
                    415,
                    HTTP.send(
                                    HttpRequest.newBuilder(server.http("/v1/documents/d"))
                                            .POST(BodyPublishers.ofString(ADD_X))
                                            .build(),
                                    BodyHandlers.ofString())
                            .statusCode());
            assertEquals(404, get(server, "/v1/documents/d").statusCode());
            assertEquals(426, get(server, "/sync").statusCode());
        }
    }

    @Test
    void oversizeRequestsAreRefused() throws Exception {
        try (TestServer server = TestServer.start()) {
            String large = raw(
                    server,
                    "POST /v1/documents/d HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                            + "connection: close\r\ncontent-length: 2000000\r\n\r\n");
            assertTrue(large.startsWith("HTTP/1.1 413"), large);
            assertTrue(large.contains("\"code\":\"too-large\""), large);
            String goesOn = raw(
                    server,
                    "POST /v1/documents/d HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                            + "content-length: 2000000\r\n\r\n" + "x".repeat(2_000_000)
                            + "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            assertTrue(goesOn.contains("\"code\":\"too-large\""), goesOn);
            assertTrue(goesOn.endsWith("ok\n"), goesOn);
            assertTrue(raw(server, "GET /" + "a".repeat(5_000) + " HTTP/1.1\r\n\r\n")
                    .startsWith("HTTP/1.1 414"));
            assertTrue(raw(server, "GET / HTTP/1.1\r\na: " + "b".repeat(9_000) + "\r\n\r\n")
                    .startsWith("HTTP/1.1 431"));
            assertTrue(raw(server, "nonsense\r\n\r\n").startsWith("HTTP/1.1 400"));
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        try (TestServer server = TestServer.start()) {
            String answers = raw(
                    server,
                    "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /v1/documents/d HTTP/1.1\r\nhost: x\r\n\r\n"
                            + "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            int ok = answers.indexOf("ok\n");
            int missing = answers.indexOf("not-found");
            int metrics = answers.indexOf("rejoin_up 1");
            assertTrue(0 < ok && ok < missing && missing < metrics, answers);
        }
    }

    @Test
    void theOperatorsPathsAnswer() throws Exception {
        try (TestServer server = TestServer.start()) {
            assertEquals("ok\n", get(server, "/healthz").body());
            assertEquals(200, get(server, "/readyz").statusCode());
            assertEquals("rejoin_up 1\n", get(server, "/metrics").body());
            assertEquals(404, get(server, "/").statusCode());
        }
    }

    @Test
    void aFrontendIsServedAndNothingBesideIt(@TempDir Path dir) throws Exception {
        Path web = Files.createDirectories(dir.resolve("web/assets")).getParent();
        Files.writeString(dir.resolve("secret.txt"), "secret");
        Files.writeString(web.resolve("index.html"), "<p>hello");
        Files.writeString(web.resolve(".env"), "secret");
        Files.writeString(web.resolve("assets/app-4f3c2b1a.js"), "run()");
        Files.createSymbolicLink(web.resolve("link.txt"), dir.resolve("secret.txt"));
        TestServer.Setup setup = new TestServer.Setup();
        setup.web = WebRoot.directory(web);
        try (TestServer server = new TestServer(setup)) {
            HttpResponse<String> index = get(server, "/");
            assertEquals("<p>hello", index.body());
            assertEquals(
                    "text/html; charset=utf-8",
                    index.headers().firstValue("content-type").orElseThrow());
            assertEquals("no-cache", index.headers().firstValue("cache-control").orElseThrow());
            HttpResponse<String> script = get(server, "/assets/app-4f3c2b1a.js");
            assertEquals("run()", script.body());
            assertTrue(
                    script.headers().firstValue("cache-control").orElseThrow().contains("immutable"));
            HttpResponse<String> again = HTTP.send(
                    HttpRequest.newBuilder(server.http("/"))
                            .header("If-None-Match", etag(index))
                            .build(),
                    BodyHandlers.ofString());
            assertEquals(304, again.statusCode());
            for (String path : new String[] {
                "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/../../secret.txt", "/.env",
                "/link.txt", "/assets//app-4f3c2b1a.js", "/%00", "/..%5csecret.txt", "/none"
            }) {
                String answer = raw(server, "GET " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
                assertTrue(answer.startsWith("HTTP/1.1 404"), path + ": " + answer);
                assertFalse(answer.contains("secret\n"), path);
            }
        }
    }

    @Test
    void resourcesOfTheProgramAreServed() throws Exception {
        TestServer.Setup setup = new TestServer.Setup();
        setup.web = WebRoot.resources(HttpEndpointIT.class.getClassLoader(), "dev/rejoin/");
        try (TestServer server = new TestServer(setup)) {
            String name = "/server/HttpEndpointIT.class";
            byte[] expected;
            try (InputStream in = HttpEndpointIT.class.getResourceAsStream("HttpEndpointIT.class")) {
                expected = in.readAllBytes();
            }
            HttpResponse<byte[]> found =
                    HTTP.send(HttpRequest.newBuilder(server.http(name)).build(), BodyHandlers.ofByteArray());
            assertArrayEquals(expected, found.body());
            assertEquals(404, get(server, "/server").statusCode());
        }
    }

    @Test
    void aHeaderDripIsClosedAtTheDeadline() throws Exception {
        TestServer.Setup setup = new TestServer.Setup();
        setup.transport = setup.transport.withDeadlines(500, 500, 500, 500);
        try (TestServer server = new TestServer(setup);
                Socket socket = new Socket("127.0.0.1", server.port())) {
            // a minute of it, were it taken to its end
            byte[] drip = ("GET / HTTP/1.1\r\n" + "a: b\r\n".repeat(500)).getBytes(StandardCharsets.US_ASCII);
            assertThrows(IOException.class, () -> {
                for (byte b : drip) {
                    socket.getOutputStream().write(b);
                    Thread.sleep(20);
                }
            });
            assertEquals(1, server.timedOut.get());
        }
    }

    @Test
    void aBodyThatNeverEndsIsClosedAtTheDeadline() throws Exception {
        TestServer.Setup setup = new TestServer.Setup();
        setup.transport = setup.transport.withDeadlines(500, 500, 500, 500);
        try (TestServer server = new TestServer(setup)) {
            assertEquals(
                    "",
                    raw(
                            server,
                            "POST /v1/documents/d HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                                    + "content-length: 100\r\n\r\n{"));
        }
    }

    @Test
    void pagesOfOtherOriginsNeitherWriteNorConnect() throws Exception {
        try (TestServer server = TestServer.start()) {
            String write = "{\"mutations\":[{\"path\":[\"n\"],\"type\":\"counter\",\"op\":\"increment\",\"value\":1}]}";
            String head =
                    "POST /v1/documents/d HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n"
                            + "content-length: " + write.length() + "\r\n";
            String upgrade = "GET /sync HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                    + "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                    + "sec-websocket-protocol: rejoin.v1\r\n";
            for (String origin : new String[] {"https://evil.example", "http://x", "null"}) {
                String line = "origin: " + origin + "\r\n\r\n";
                assertTrue(raw(server, head + line + write).startsWith("HTTP/1.1 403 "), origin);
                assertTrue(raw(server, upgrade + line).startsWith("HTTP/1.1 403 "), origin);
            }
            for (String line : new String[] {"origin: http://localhost:5173\r\n\r\n", "\r\n"}) {
                assertTrue(raw(server, head + line + write).startsWith("HTTP/1.1 200 "), line);
                assertTrue(firstLine(server, upgrade + line).startsWith("HTTP/1.1 101 "), line);
            }
        }
    }

    /** Writes as an editor does, and returns when the server has told that it is saved. */
    private static YDoc edit(TestServer server, String document, Consumer<YDoc> change) throws Exception {
        YDoc doc = YDoc.create();
        doc.transact(() -> change.accept(doc));
        send(server, document, doc);
        return doc;
    }

    private static void send(TestServer server, String document, YDoc doc) throws Exception {
        Author author = new Author(new CompletableFuture<>(), new CompletableFuture<>());
        ContentSeat seat = server.rooms.join(DocumentName.of(document), Framing.Y_WEBSOCKET, false, author);
        author.admitted.get(60, TimeUnit.SECONDS);
        seat.change(doc.encodeStateAsUpdate(), false);
        assertTrue(author.saved.get(60, TimeUnit.SECONDS));
        seat.leave();
    }

    /** An editor that only wants to know whether it was saved. */
    private record Author(CompletableFuture<Boolean> admitted, CompletableFuture<Boolean> saved)
            implements ContentOutlet {
        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void admitted(boolean readOnly, byte[] stateVector, byte[] everybody) {
            admitted.complete(!readOnly);
        }

        @Override
        public void state(byte[] update, byte[] stateVector) {}

        @Override
        public void relay(byte[] frame) {}

        @Override
        public void settled(int changes, boolean applied) {
            saved.complete(applied);
        }

        @Override
        public void access(boolean readOnly) {}

        @Override
        public boolean stateless(String payload) {
            return true;
        }

        @Override
        public void denied(FailureCode code, String message) {
            saved.completeExceptionally(new AssertionError(code + ": " + message));
        }
    }

    private static HttpResponse<String> get(TestServer server, String path) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(server.http(path)).build(), BodyHandlers.ofString());
    }

    private static HttpResponse<String> post(TestServer server, String path, String body) throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(server.http(path))
                        .header("content-type", "application/json")
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private static HttpResponse<String> postIfMatch(TestServer server, String body, String etag) throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(server.http("/v1/documents/d"))
                        .header("content-type", "application/json; charset=utf-8")
                        .header("If-Match", etag)
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private static String etag(HttpResponse<?> response) {
        return response.headers().firstValue("etag").orElseThrow();
    }

    /** Sends bytes as they are and returns all that comes back until the server closes. */
    /** Of an answer after which the connection goes on. */
    private static String firstLine(TestServer server, String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
                    .readLine();
        }
    }

    private static String raw(TestServer server, String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
