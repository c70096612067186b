package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.access.Access;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.access.Principal;
import dev.rejoin.server.storage.DeltaLog;
import dev.rejoin.server.storage.HeadRow;
import dev.rejoin.server.storage.LogRows;
import dev.rejoin.server.storage.LogView;
import dev.rejoin.server.storage.MemoryDeltaLog;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The description of the HTTP interface and the server say the same: whatever is described is answered so, and whatever is answered is described. A status that
 * is described and not given by the test, and one that is given and not described, make it fail.
 */
@Timeout(120)
class OpenApiIT {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    private static final SchemaValidatorsConfig STRICT =
            SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
    private static final String UPDATE = "application/vnd.rejoin.yjs-update";
    private static final String ADD =
            "{\"mutations\":[{\"path\":[\"tags\"],\"type\":\"set\",\"op\":\"add\",\"value\":\"x\"}]}";
    private static final String INSERT =
            "{\"content\":[{\"path\":[\"t\"],\"type\":\"text\",\"op\":\"insert\",\"index\":0,\"value\":\"abc\"}]}";

    private final FragileLog log = new FragileLog();
    private final Set<String> seen = new TreeSet<>();
    private JsonNode description;
    private SyncServer server;

    @BeforeEach
    void startServer() throws Exception {
        description = JSON.readTree(OpenApi.bytes());
        server = start();
    }

    @AfterEach
    void closeServer() {
        server.close();
    }

    private SyncServer start() throws IOException {
        return SyncServer.builder().port(0).log(log.rows()).access(new Policy()).start();
    }

    @Test
    void theServerServesItsDescription() throws Exception {
        HttpResponse<byte[]> answer = HTTP.send(
                HttpRequest.newBuilder(server.uri().resolve("/openapi.json")).build(), BodyHandlers.ofByteArray());
        assertArrayEquals(OpenApi.bytes(), answer.body());
    }

    @Test
    void eachRouteIsDescribedAndNothingElse() {
        TreeMap<String, Set<String>> expected = new TreeMap<>();
        for (Route route : Route.values()) {
            expected.put(route.template(), new TreeSet<>(route.methods()));
        }
        for (String socket : List.of("/sync", "/hocuspocus", "/yjs/{document}")) {
            assertTrue(WebSocketUpgrade.serves(socket), socket);
            expected.put(socket, Set.of("GET"));
        }
        expected.put(StoreEndpoint.EXPORT, Set.of("GET"));
        expected.put(StoreEndpoint.IMPORT, Set.of("POST"));
        TreeMap<String, Set<String>> described = new TreeMap<>();
        description.path("paths").properties().forEach(path -> {
            Set<String> methods = new TreeSet<>();
            path.getValue().fieldNames().forEachRemaining(name -> {
                if (!name.equals("parameters")) {
                    methods.add(name.toUpperCase(Locale.ROOT));
                }
            });
            described.put(path.getKey(), methods);
        });
        assertEquals(expected, described);
    }

    @Test
    void otherMethodsAreAnsweredWithThoseThatArePossible() throws Exception {
        for (Route route : Route.values()) {
            for (String method : List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW")) {
                if (!route.methods().contains(method)) {
                    if (route == Route.RESTORE && Route.DOCUMENT.methods().contains(method)) {
                        continue; // this is about a document of that longer name
                    }
                    Set<String> possible = new TreeSet<>(route.methods());
                    if (route == Route.RESTORE) {
                        possible.addAll(Route.DOCUMENT.methods());
                    }
                    isNotPossible(method, route.template().replace("{document}", "d"), possible);
                }
            }
        }
        for (String method : List.of("HEAD", "PUT", "DELETE")) {
            isNotPossible(method, StoreEndpoint.EXPORT, Set.of("GET"));
            isNotPossible(method, StoreEndpoint.IMPORT, Set.of("POST"));
        }
        assertEquals(404, send("GET", "/v1", null, List.of()).statusCode());
    }

    private void isNotPossible(String method, String path, Set<String> possible) throws Exception {
        HttpResponse<byte[]> answer = send(method, path, null, List.of());
        assertEquals(405, answer.statusCode(), method + " " + path);
        assertEquals(
                possible,
                new TreeSet<>(List.of(
                        answer.headers().firstValue("allow").orElseThrow().split(", "))));
        if (method.equals("HEAD")) {
            assertEquals(0, answer.body().length, path);
        } else {
            assertEquals(List.of(), flaws(ref("schemas/Problem"), JSON.readTree(answer.body())));
        }
    }

    @Test
    void theDescriptionIsInItselfRight() {
        JsonNode meta = JSON.createObjectNode().put("$ref", "https://json-schema.org/draft/2020-12/schema");
        description
                .path("components")
                .path("schemas")
                .properties()
                .forEach(each -> assertEquals(List.of(), flaws(meta, each.getValue()), each.getKey()));
        Set<String> operations = new HashSet<>();
        description.findValuesAsText("operationId").forEach(id -> assertTrue(operations.add(id), "twice: " + id));
        Set<String> used = new TreeSet<>();
        description.findValuesAsText("$ref").forEach(target -> {
            used.add(target);
            assertTrue(!description.at(target.substring(1)).isMissingNode(), target);
        });
        for (String kind : List.of("schemas", "responses", "parameters", "headers")) {
            description
                    .path("components")
                    .path(kind)
                    .fieldNames()
                    .forEachRemaining(name ->
                            assertTrue(used.contains("#/components/" + kind + "/" + name), "nobody refers to " + name));
        }
    }

    @Test
    void anAnswerThatIsNotAsDescribedIsNoticed() throws Exception {
        call("PATCH", "/v1/documents/{document}", "/v1/documents/d", ADD, 200);
        ObjectNode written = (ObjectNode) description.at("/components/schemas/Written");
        written.withObject("/properties/epoch").put("type", "integer").remove("$ref");
        assertThrows(
                AssertionError.class, () -> call("PATCH", "/v1/documents/{document}", "/v1/documents/d", ADD, 200));
        ((ObjectNode) description.at("/paths/~1v1~1documents~1{document}/get/responses")).remove("404");
        assertThrows(
                AssertionError.class, () -> call("GET", "/v1/documents/{document}", "/v1/documents/none", null, 404));
    }

    @Test
    void whatIsDescribedIsAnsweredAndWhatIsAnsweredIsDescribed() throws Exception {
        YDoc known = YDoc.create();
        known.getText("t").insert(0, "known");
        writes(known);
        reads();
        deletions();
        stores();
        theRest();
        sockets();
        failures();
        Set<String> missing = new TreeSet<>(described());
        missing.removeAll(seen);
        assertEquals(Set.of(), missing, "described, and not given by this test");
    }

    private void writes(YDoc known) throws Exception {
        String path = "/v1/documents/{document}";
        for (String method : List.of("PATCH", "POST")) {
            String document = "/v1/documents/a/" + method;
            call(method, path, document, ADD, 200);
            call(method, path, document, INSERT, 200);
            call(method, path, document, "{\"update\":\"" + base64(known.encodeStateAsUpdate()) + "\"}", 200);
            call(method, path, document + "2", known.encodeStateAsUpdate(), UPDATE, 200);
            call(method, path, document, "{", 400);
            call(method, path, "/v1/documents/a//b", ADD, 400);
            call(method, path, document + "?token=nobody", ADD, 401);
            call(method, path, document + "?token=reader", ADD, 403);
            call(method, path, document, foreign(), UPDATE, 409);
            call(method, path, document, ADD, 412, "if-match", "\"0\"");
            call(method, path, document, new byte[(1 << 20) + 1], "application/json", 413);
            call(method, path, document, ADD.getBytes(StandardCharsets.UTF_8), "text/plain", 415);
            call(method, path, document, INSERT.replace("\"index\":0", "\"index\":99"), 422);
            call(method, path, document + "?token=down", ADD, 503);
        }
    }

    private void deletions() throws Exception {
        String path = "/v1/documents/{document}";
        String again = path + "/restore";
        for (String none : List.of("/v1/documents/none", "/v1/documents/none/restore")) {
            String method = none.endsWith("restore") ? "POST" : "DELETE";
            String template = none.endsWith("restore") ? again : path;
            call(method, template, none.replace("none", "a//b") + "?token=admin", null, 400);
            call(method, template, none + "?token=nobody", null, 401);
            call(method, template, none + "?token=writer", null, 403);
            call(method, template, none + "?token=admin", null, 404);
            call(method, template, none + "?token=down", null, 503);
        }
        String gone = "/v1/documents/gone";
        call("PATCH", path, gone, ADD, 200);
        call("POST", again, gone + "/restore?token=admin", null, 409);
        call("DELETE", path, gone + "?token=admin", null, 412, "if-match", "\"0\"");
        call("DELETE", path, gone + "?token=admin", null, 204);
        call("DELETE", path, gone + "?token=admin", null, 410);
        for (String method : List.of("GET", "HEAD")) {
            call(method, path, gone, null, 410);
            call(method, "/v1/stats/{document}", "/v1/stats/gone", null, 410);
        }
        for (String method : List.of("PATCH", "POST")) {
            call(method, path, gone, ADD, 410);
        }
        call("POST", again, gone + "/restore?token=admin&empty=perhaps", null, 400);
        call("POST", again, gone + "/restore?token=admin", null, 200);
        call("DELETE", path, gone + "?token=admin", null, 204);
        call("POST", again, gone + "/restore?token=admin&empty=true", null, 200);
    }

    private void stores() throws Exception {
        String out = StoreEndpoint.EXPORT;
        byte[] archive = call("GET", out, out + "?token=admin", null, 200).body();
        call("GET", out, out + "?token=admin&salvage=true", null, 200);
        String in = StoreEndpoint.IMPORT;
        call("POST", in, in + "?token=admin&existing=skip&keep-epochs=true", archive, StoreEndpoint.ARCHIVE_TYPE, 200);
        call("POST", in, in + "?token=admin", archive, StoreEndpoint.ARCHIVE_TYPE, 409);
        call("POST", in, in + "?token=admin&existing=ask", archive, StoreEndpoint.ARCHIVE_TYPE, 400);
        call("POST", in, in + "?token=admin", new byte[] {1}, StoreEndpoint.ARCHIVE_TYPE, 400);
        for (String path : List.of(out, in)) {
            String method = path.equals(out) ? "GET" : "POST";
            call(method, path, path + "?token=nobody", null, 401);
            call(method, path, path + "?token=writer", null, 403);
            call(method, path, path + "?token=down", null, 503);
        }
    }

    private void reads() throws Exception {
        String path = "/v1/documents/{document}";
        for (String method : List.of("GET", "HEAD")) {
            String etag = "";
            for (String query : List.of(
                    "format=json",
                    "format=state",
                    "format=content",
                    "format=text&text=t",
                    "format=update",
                    "format=update-v2",
                    "format=snapshot")) {
                etag = call(method, path, "/v1/documents/a/PATCH?" + query, null, 200)
                        .headers()
                        .firstValue("etag")
                        .orElseThrow();
            }
            call(method, path, "/v1/documents/a/PATCH?format=snapshot", null, 304, "if-none-match", etag);
            call(method, path, "/v1/documents/a/PATCH?format=xml", null, 400);
            call(method, path, "/v1/documents/a/PATCH?token=nobody", null, 401);
            call(method, path, "/v1/documents/a/PATCH?token=stranger", null, 403);
            call(method, path, "/v1/documents/none", null, 404);
            call(method, path, "/v1/documents/a/PATCH", null, 406, "accept", "image/png");
            call(method, path, "/v1/documents/a/PATCH?token=down", null, 503);
            call(method, path, "/v1/documents/a/PATCH?v=gone", null, 404);
            call(method, path, "/v1/documents/a/PATCH", null, 400, "session-token", "forged");
            call(method, path, "/v1/documents/a/PATCH", null, 400, "consistency", "very");
            call(method, path, "/v1/documents/a/PATCH", null, 409, "session-token", token("a/PATCH"));
            call(method, path, "/v1/documents/unseen", null, 503, "session-token", token("unseen"));
            String stats = "/v1/stats/{document}";
            call(method, stats, "/v1/stats/a/PATCH", null, 200);
            call(method, stats, "/v1/stats/a//b", null, 400);
            call(method, stats, "/v1/stats/a/PATCH?token=nobody", null, 401);
            call(method, stats, "/v1/stats/a/PATCH?token=stranger", null, 403);
            call(method, stats, "/v1/stats/none", null, 404);
            call(method, stats, "/v1/stats/a/PATCH?token=down", null, 503);
        }
    }

    /** Of a session that has seen another life of the document. */
    private static String token(String document) {
        return SessionToken.ofRead(document, 4711, PositionVector.of(new Position(1, 1)))
                .text();
    }

    private void theRest() throws Exception {
        for (String method : List.of("GET", "HEAD")) {
            call(method, "/v1/documents", "/v1/documents?limit=2&prefix=a/", null, 200);
            call(method, "/v1/documents", "/v1/documents?limit=0", null, 400);
            call(method, "/v1/documents", "/v1/documents?token=nobody", null, 401);
            call(method, "/v1/documents", "/v1/documents?token=down", null, 503);
            for (String path :
                    List.of("/.well-known/rejoin/flows", "/openapi.json", "/healthz", "/readyz", "/metrics")) {
                call(method, path, path, null, 200);
            }
        }
    }

    private void sockets() throws Exception {
        for (String path : List.of("/sync", "/hocuspocus", "/yjs/{document}")) {
            String at = path.replace("{document}", "d");
            upgrade(path, at, "", 101);
            upgrade(path, at, "origin: https://elsewhere.example\r\n", 403);
            call("GET", path, at, null, 426);
        }
        upgrade("/yjs/{document}", "/yjs/a//b", "", 400);
        upgrade("/yjs/{document}", "/yjs/d?token=nobody", "", 401);
        upgrade("/yjs/{document}", "/yjs/d?token=down", "", 503);
    }

    /** After a restart one document is damaged; then the log fails. */
    private void failures() throws Exception {
        server.close();
        log.damaged = "a/PATCH";
        server = start();
        for (String method : List.of("GET", "HEAD")) {
            call(method, "/v1/documents/{document}", "/v1/documents/a/PATCH", null, 500);
            call(method, "/v1/stats/{document}", "/v1/stats/a/PATCH", null, 500);
        }
        for (String method : List.of("PATCH", "POST")) {
            call(method, "/v1/documents/{document}", "/v1/documents/a/PATCH", ADD, 500);
        }
        call("DELETE", "/v1/documents/{document}", "/v1/documents/a/PATCH?token=admin", null, 500);
        call("POST", "/v1/documents/{document}/restore", "/v1/documents/a/PATCH/restore?token=admin", null, 500);
        call("GET", StoreEndpoint.EXPORT, StoreEndpoint.EXPORT + "?token=admin", null, 500);
        log.failing = true;
        call("PATCH", "/v1/documents/{document}", "/v1/documents/a/POST", ADD, 503);
        call("GET", "/readyz", "/readyz", null, 503);
        call("HEAD", "/readyz", "/readyz", null, 503);
        call("GET", "/v1/documents/{document}", "/v1/documents/a/POST2", null, 503);
    }

    private Set<String> described() {
        Set<String> all = new TreeSet<>();
        description
                .path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().forEach(operation -> {
                    String name = operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey() + " ";
                    operation.getValue().path("responses").properties().forEach(response -> {
                        all.add(name + response.getKey());
                        followed(response.getValue())
                                .path("content")
                                .fieldNames()
                                .forEachRemaining(type -> {
                                    if (!operation.getKey().equals("head")) {
                                        all.add(name + response.getKey() + " " + type);
                                    }
                                });
                    });
                }));
        return all;
    }

    private HttpResponse<byte[]> call(
            String method, String template, String path, @Nullable String body, int status, String... headers)
            throws Exception {
        return call(
                method,
                template,
                path,
                body == null ? null : body.getBytes(StandardCharsets.UTF_8),
                "application/json",
                status,
                headers);
    }

    /** Sends a request, and holds request and answer to the description. */
    private HttpResponse<byte[]> call(
            String method,
            String template,
            String path,
            byte @Nullable [] body,
            String type,
            int status,
            String... headers)
            throws Exception {
        List<String> all = new ArrayList<>(List.of(headers));
        if (body != null) {
            all.addAll(List.of("content-type", type));
        }
        HttpResponse<byte[]> answer = send(method, path, body, all);
        String what = method + " " + path;
        assertEquals(status, answer.statusCode(), what + ": " + new String(answer.body(), StandardCharsets.UTF_8));
        check(method, template, status, name -> answer.headers().firstValue(name), answer.body(), what);
        if (status == 200 && body != null && type.equals("application/json")) {
            JsonNode schema = description
                    .path("paths")
                    .path(template)
                    .path(method.toLowerCase(Locale.ROOT))
                    .at("/requestBody/content/application~1json/schema");
            assertEquals(List.of(), flaws(schema, JSON.readTree(body)), what);
        }
        return answer;
    }

    private interface Headers {
        Optional<String> first(String name);
    }

    private void check(String method, String template, int status, Headers headers, byte[] body, String what)
            throws IOException {
        JsonNode response = followed(description
                .path("paths")
                .path(template)
                .path(method.toLowerCase(Locale.ROOT))
                .path("responses")
                .path(Integer.toString(status)));
        assertTrue(!response.isMissingNode(), what + ": " + status + " is not described");
        seen.add(method + " " + template + " " + status);
        for (var header : response.path("headers").properties()) {
            JsonNode described = followed(header.getValue());
            String value = headers.first(header.getKey())
                    .orElseThrow(() -> new AssertionError(what + ": no header " + header.getKey()));
            assertEquals(List.of(), flaws(described.path("schema"), new TextNode(value)), what);
        }
        String type = headers.first("content-type").orElse("").split(";", 2)[0];
        if (method.equals("HEAD") || !response.has("content")) {
            assertEquals(0, body.length, what);
            return;
        }
        assertTrue(response.path("content").has(type), what + ": " + type + " is not described");
        seen.add(method + " " + template + " " + status + " " + type);
        JsonNode schema = response.path("content").path(type).path("schema");
        if (!schema.isEmpty()) {
            JsonNode value = type.endsWith("json")
                    ? JSON.readTree(body)
                    : new TextNode(new String(body, StandardCharsets.UTF_8));
            assertEquals(List.of(), flaws(schema, value), what);
        }
    }

    private HttpResponse<byte[]> send(String method, String path, byte @Nullable [] body, List<String> headers)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.uri().resolve(path))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        if (!headers.isEmpty()) {
            request.headers(headers.toArray(new String[0]));
        }
        return HTTP.send(request.build(), BodyHandlers.ofByteArray());
    }

    /** A WebSocket handshake by hand, since clients hide how it was refused. */
    private void upgrade(String template, String path, String more, int status) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write(("GET " + path
                                    + " HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
                                    + "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                    + (path.equals("/sync") ? "sec-websocket-protocol: rejoin.v1\r\n" : "")
                                    + more + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.read());
            }
            TreeMap<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            for (String line : head.toString().strip().split("\r\n")) {
                String[] parts = line.split(": ", 2);
                headers.put(parts[0], parts[parts.length - 1]);
            }
            assertTrue(head.toString().startsWith("HTTP/1.1 " + status), path + ": " + head);
            byte[] body =
                    in.readNBytes(status == 101 ? 0 : Integer.parseInt(headers.getOrDefault("content-length", "0")));
            check("GET", template, status, name -> Optional.ofNullable(headers.get(name)), body, path);
        }
    }

    private JsonNode followed(JsonNode node) {
        return node.has("$ref") ? description.at(node.path("$ref").asText().substring(1)) : node;
    }

    private static JsonNode ref(String component) {
        return JSON.createObjectNode().put("$ref", "#/components/" + component);
    }

    private List<String> flaws(JsonNode schema, JsonNode value) {
        ObjectNode whole = JSON.createObjectNode();
        whole.setAll((ObjectNode) schema);
        whole.set("components", description.path("components"));
        return SCHEMAS.getSchema(SchemaLocation.of("urn:test"), whole, STRICT).validate(value).stream()
                .map(Object::toString)
                .toList();
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** An update of two authors that the server does not know. */
    private static byte[] foreign() {
        YDoc one = YDoc.create();
        one.getText("t").insert(0, "of ");
        YDoc other = YDoc.create();
        other.applyUpdate(one.encodeStateAsUpdate());
        other.getText("t").insert(0, "elsewhere");
        return other.encodeStateAsUpdate();
    }

    /** What a token may do is what it says. */
    private static final class Policy implements AccessPolicy {
        @Override
        public CompletableFuture<Access> authorise(AccessRequest request) {
            return CompletableFuture.completedFuture(
                    switch (request.token()) {
                        case "nobody" -> Denied.of(Denied.NEEDS_AUTH);
                        case "stranger" -> Denied.of(Denied.FORBIDDEN);
                        case "down" -> Denied.of(Denied.UNAVAILABLE);
                        case "admin" -> new Grant(Principal.ANONYMOUS, Capability.ADMIN, Grant.NEVER);
                        case "reader" -> new Grant(Principal.ANONYMOUS, Capability.READ, Grant.NEVER);
                        default -> new Grant(Principal.ANONYMOUS, Capability.WRITE, Grant.NEVER);
                    });
        }
    }

    /** A log that outlives its server, damages the head of a document when it is told to, and fails when it is told to. */
    private static final class FragileLog {
        private final DeltaLog log = new MemoryDeltaLog();
        volatile String damaged = "";
        volatile boolean failing;

        DeltaLog rows() {
            return rows(DeltaLog.class, log);
        }

        private <T extends LogRows> T rows(Class<T> type, T rows) {
            return type.cast(Proxy.newProxyInstance(
                    type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                        if (method.getName().equals("close")) {
                            return null;
                        }
                        if (method.getName().equals("commit") && failing) {
                            throw new IllegalStateException("the disk is gone");
                        }
                        try {
                            Object result = method.invoke(rows, arguments);
                            if (result instanceof LogView view) {
                                return rows(LogView.class, view);
                            }
                            return method.getName().equals("head") && damaged.equals(arguments[0])
                                    ? damaged(result)
                                    : result;
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    }));
        }

        private static Object damaged(Object found) {
            HeadRow row = (HeadRow) ((Optional<?>) found).orElseThrow();
            byte[] value = row.value().clone();
            value[value.length - 1] ^= 1;
            return Optional.of(new HeadRow(row.document(), row.name(), value));
        }
    }
}
