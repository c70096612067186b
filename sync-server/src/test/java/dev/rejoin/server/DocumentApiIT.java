package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YSnapshot;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.access.Principal;
import dev.rejoin.server.room.DocumentNotice;
import dev.rejoin.server.room.MutationValidator.Decision;
import dev.rejoin.server.room.RoomHandle;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The formats of a document over HTTP, writes to both of its parts, the list, the statistics, and listeners in the same process. */
@Timeout(120)
class DocumentApiIT {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String UPDATE = "application/vnd.rejoin.yjs-update";

    @Test
    void theContentComesAsTextUpdateAndSnapshot() throws Exception {
        try (SyncServer server = server()) {
            patch(server, "a/b", "{\"content\":[" + insert("code", 0, "let x = 1; // ü") + "]}");
            HttpResponse<String> text = get(server, "v1/documents/a/b?format=text&text=code");
            assertEquals("let x = 1; // ü", text.body());
            assertEquals("text/plain; charset=utf-8", header(text, "content-type"));
            YDoc mine = YDoc.create();
            byte[] update = bytes(server, "v1/documents/a/b?format=update");
            mine.applyUpdate(update);
            assertEquals("let x = 1; // ü", mine.getText("code").toString());
            YDoc other = YDoc.create();
            other.applyUpdateV2(bytes(server, "v1/documents/a/b?format=update-v2"));
            assertEquals("let x = 1; // ü", other.getText("code").toString());
            assertEquals(mine.snapshot(), YSnapshot.decode(bytes(server, "v1/documents/a/b?format=snapshot")));
            String known = Base64.getUrlEncoder().encodeToString(mine.encodeStateVector());
            patch(server, "a/b", "{\"content\":[" + insert("code", 0, "/* */ ") + "]}");
            byte[] lacking = bytes(server, "v1/documents/a/b?format=update&since=" + known);
            assertTrue(lacking.length < update.length + 4, "only what is new");
            mine.applyUpdate(lacking);
            assertEquals("/* */ let x = 1; // ü", mine.getText("code").toString());
            for (String bad :
                    List.of("format=text", "format=text&text=a&text=b", "format=update&since=!", "format=html")) {
                HttpResponse<String> refused = get(server, "v1/documents/a/b?" + bad);
                assertEquals(400, refused.statusCode(), bad);
                assertEquals("bad-format", code(refused));
            }
        }
    }

    @Test
    void theFormatIsNegotiated() throws Exception {
        try (SyncServer server = server()) {
            patch(server, "d", "{\"mutations\":[" + ADD_X + "],\"content\":[" + insert("t", 0, "text") + "]}");
            Map<String, String> expected = Map.of(
                    "*/*",
                    "application/json",
                    "application/*;q=0.5, text/html",
                    "application/json",
                    "text/plain",
                    "text/plain; charset=utf-8",
                    "text/*;q=0.3, application/json;q=0.2",
                    "text/plain; charset=utf-8",
                    "application/json;q=0, */*;q=0.1",
                    "text/plain; charset=utf-8",
                    UPDATE + ", application/json;q=0.9",
                    UPDATE,
                    "APPLICATION/VND.REJOIN.STATE",
                    "application/vnd.rejoin.state");
            for (Map.Entry<String, String> each : expected.entrySet()) {
                HttpResponse<String> answer =
                        send(server, "GET", "v1/documents/d?text=t", null, "accept", each.getKey());
                assertEquals(200, answer.statusCode(), each.getKey());
                assertEquals(each.getValue(), header(answer, "content-type"), each.getKey());
                assertEquals("accept", header(answer, "vary"));
            }
            HttpResponse<String> none = send(server, "GET", "v1/documents/d", null, "accept", "text/html, image/*");
            assertEquals(406, none.statusCode());
            assertEquals("not-acceptable", code(none));
            assertEquals(
                    200,
                    send(server, "GET", "v1/documents/d?format=json", null, "accept", "text/html")
                            .statusCode(),
                    "the query comes first");
        }
    }

    @Test
    void eachFormatHasATagOfItsOwnThatHoldsForReadsAndWrites() throws Exception {
        try (SyncServer server = server()) {
            patch(server, "d", "{\"mutations\":[" + ADD_X + "],\"content\":[" + insert("t", 0, "text") + "]}");
            List<String> queries = List.of(
                    "format=json",
                    "format=state",
                    "format=content",
                    "format=text&text=t",
                    "format=update",
                    "format=update-v2",
                    "format=snapshot");
            TreeSet<String> tags = new TreeSet<>();
            for (String query : queries) {
                String tag = header(get(server, "v1/documents/d?" + query), "etag");
                assertTrue(tags.add(tag), "twice: " + tag);
                HttpResponse<String> unchanged =
                        send(server, "GET", "v1/documents/d?" + query, null, "if-none-match", tag);
                assertEquals(304, unchanged.statusCode(), query);
                assertEquals(tag, header(unchanged, "etag"));
                HttpResponse<String> head = send(server, "HEAD", "v1/documents/d?" + query, null);
                assertEquals(tag, header(head, "etag"));
                assertEquals("", head.body());
            }
            for (String query : queries) {
                boolean ofContent = !query.endsWith("json") && !query.endsWith("state");
                String tag = header(get(server, "v1/documents/d?" + query), "etag");
                String change = ofContent
                        ? "{\"content\":[" + insert("t", 0, "more ") + "]}"
                        : "{\"mutations\":[" + ADD_X.replace("\"x\"", "\"" + query + "\"") + "]}";
                assertEquals(
                        200,
                        send(server, "PATCH", "v1/documents/d", change, "if-match", tag)
                                .statusCode(),
                        query);
                HttpResponse<String> late = send(server, "PATCH", "v1/documents/d", change, "if-match", tag);
                assertEquals(412, late.statusCode(), query);
                assertEquals("precondition-failed", code(late));
                assertEquals(
                        412,
                        send(
                                        server,
                                        "PATCH",
                                        "v1/documents/d",
                                        change,
                                        "if-match",
                                        "W/" + header(get(server, "v1/documents/d?" + query), "etag"))
                                .statusCode(),
                        "a weak tag is never strong");
            }
        }
    }

    @Test
    void editsOfAllKindsAreOneTransactionWithChangesOfObjects() throws Exception {
        try (SyncServer server = server()) {
            HttpResponse<String> written = patch(server, "d", """
                    {"mutations": [%s],
                     "content": [
                       {"path": ["t"], "type": "text", "op": "insert", "index": 0, "value": "Hello you", "attributes": {}},
                       {"path": ["t"], "type": "text", "op": "format", "index": 6, "length": 3, "attributes": {"bold": true}},
                       {"path": ["t"], "type": "text", "op": "delete", "index": 0, "length": 1},
                       {"path": ["t"], "type": "text", "op": "insert", "index": 0, "value": "h"},
                       {"path": ["m"], "type": "map", "op": "set", "key": "a", "value": {"deep": [1, null, {"$bytes": "AQI="}]}},
                       {"path": ["m"], "type": "map", "op": "set", "key": "b", "value": 2},
                       {"path": ["m"], "type": "map", "op": "delete", "key": "b"},
                       {"path": ["m"], "type": "map", "op": "create", "key": "list", "value": "array"},
                       {"path": ["m", "list"], "type": "array", "op": "insert", "index": 0, "value": [1, "two", true, 0.5]},
                       {"path": ["m", "list"], "type": "array", "op": "delete", "index": 0, "length": 1},
                       {"path": ["m", "list"], "type": "array", "op": "create", "index": 3, "value": "text"},
                       {"path": ["m", "list", 3], "type": "text", "op": "insert", "index": 0, "value": "inner"}
                     ]}""".formatted(ADD_X));
            assertEquals(200, written.statusCode(), written.body());
            JsonNode answer = JSON.readTree(written.body());
            assertEquals(header(written, "etag"), answer.path("etag").asText());
            HttpResponse<String> content = get(server, "v1/documents/d?format=content");
            assertEquals(JSON.readTree("""
                    {"t": "hello you", "m": {"a": {"deep": [1, null, {"$bytes": "AQI="}]}, "list": ["two", true, 0.5, "inner"]}}
                    """), JSON.readTree(content.body()));
            assertEquals(header(content, "etag"), answer.path("contentEtag").asText());
            assertEquals("{\"tags\":[\"x\"]}", get(server, "v1/documents/d").body());
            assertEquals(1, answer.path("position").path("sequence").asLong(), "one commit");
            YDoc doc = YDoc.create();
            doc.applyUpdate(bytes(server, "v1/documents/d?format=update"));
            assertTrue(
                    doc.getText("t").toDelta().toString().contains("bold"),
                    doc.getText("t").toDelta().toString());
        }
    }

    @Test
    void aWriteThatDoesNotFitLeavesNothing() throws Exception {
        try (SyncServer server = server()) {
            patch(server, "d", "{\"content\":[" + insert("t", 0, "abc") + "]}");
            String content = header(get(server, "v1/documents/d?format=content"), "etag");
            String objects = header(get(server, "v1/documents/d"), "etag");
            for (String edit : List.of(
                    insert("t", 10, "x"),
                    "{\"path\":[\"t\"],\"type\":\"text\",\"op\":\"delete\",\"index\":8,\"length\":2}",
                    "{\"path\":[\"t\"],\"type\":\"map\",\"op\":\"set\",\"key\":\"a\",\"value\":1}",
                    "{\"path\":[\"m\",\"none\"],\"type\":\"map\",\"op\":\"delete\",\"key\":\"a\"}",
                    "{\"path\":[\"l\",0],\"type\":\"array\",\"op\":\"delete\",\"index\":0,\"length\":0}")) {
                HttpResponse<String> refused = patch(
                        server,
                        "d",
                        "{\"mutations\":[" + ADD_X + "],\"content\":[" + insert("t", 0, "never ") + "," + edit + "]}");
                assertEquals(422, refused.statusCode(), edit + refused.body());
                assertEquals("edit-does-not-fit", code(refused));
                assertTrue(refused.body().contains("content[1]"), refused.body());
            }
            for (String bad : List.of(
                    "{}",
                    "[]",
                    "{\"content\":[]}",
                    "{\"contents\":[" + insert("t", 0, "x") + "]}",
                    "{\"content\":[" + insert("t", -1, "x") + "]}",
                    "{\"content\":[{\"path\":[],\"type\":\"text\",\"op\":\"delete\",\"index\":0,\"length\":1}]}",
                    "{\"content\":[{\"path\":[0],\"type\":\"text\",\"op\":\"delete\",\"index\":0,\"length\":1}]}",
                    "{\"content\":[{\"path\":[\"t\"],\"type\":\"text\",\"op\":\"delete\",\"index\":0,\"length\":1,\"lenght\":2}]}",
                    "{\"content\":[{\"path\":[\"t\"],\"type\":\"text\",\"op\":\"rot\"}]}",
                    "{\"update\":\"!\"}",
                    "{\"update\":\"\"}",
                    "{\"update\":\"AQE=\"}")) {
                HttpResponse<String> refused = patch(server, "d", bad);
                assertEquals(400, refused.statusCode(), bad + refused.body());
                assertEquals("malformed", code(refused));
            }
            assertEquals(content, header(get(server, "v1/documents/d?format=content"), "etag"));
            assertEquals(objects, header(get(server, "v1/documents/d"), "etag"));
            assertEquals("abc", get(server, "v1/documents/d?format=text&text=t").body());
        }
    }

    @Test
    void anUpdateOfYjsIsTakenBareAndInJson(@TempDir Path data) throws Exception {
        YDoc mine = YDoc.create();
        mine.getText("t").insert(0, "abc");
        byte[] first = mine.encodeStateAsUpdate();
        StateVector before = mine.stateVector();
        mine.getText("t").insert(3, "d");
        byte[] second = mine.encodeStateAsUpdate(before);
        StateVector between = mine.stateVector();
        mine.getText("t").insert(4, "e");
        byte[] third = mine.encodeStateAsUpdate(between);
        try (SyncServer server = SyncServer.builder().port(0).data(data).start()) {
            assertEquals(200, post(server, "d", first).statusCode());
            HttpResponse<String> early = post(server, "d", third);
            assertTrue(JSON.readTree(early.body()).path("waiting").asBoolean(), early.body());
            assertEquals("abc", get(server, "v1/documents/d?format=text&text=t").body());
        }
        try (SyncServer server = SyncServer.builder().port(0).data(data).start()) {
            HttpResponse<String> written = patch(
                    server,
                    "d",
                    "{\"mutations\":[" + ADD_X + "],\"update\":\""
                            + Base64.getEncoder().encodeToString(second) + "\"}");
            assertEquals(200, written.statusCode(), written.body());
            assertFalse(JSON.readTree(written.body()).has("waiting"), written.body());
            assertEquals(
                    "abcde", get(server, "v1/documents/d?format=text&text=t").body(), "what waited was kept");
            YDoc stranger = YDoc.create();
            YDoc another = YDoc.create();
            stranger.getText("t").insert(0, "not");
            another.applyUpdate(stranger.encodeStateAsUpdate());
            another.getText("t").insert(0, "ours ");
            HttpResponse<String> foreign = post(server, "d", another.encodeStateAsUpdate());
            assertEquals(409, foreign.statusCode(), foreign.body());
            assertEquals("lineage-mismatch", code(foreign));
            HttpResponse<String> type = send(server, "POST", "v1/documents/d", "x", "content-type", "text/plain");
            assertEquals(415, type.statusCode());
            assertTrue(header(type, "accept-patch").contains(UPDATE));
        }
    }

    @Test
    void theValidatorAndTheSizeAreAskedForBothParts() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (SyncServer server = SyncServer.builder()
                .config(ServerConfig.DEFAULTS.with(ServerConfig.PORT, 0).with(ServerConfig.MAX_DOCUMENT, 64L << 10))
                .validator(change -> {
                    asked.incrementAndGet();
                    return Decision.reject("no-tags", "no tags here");
                })
                .start()) {
            HttpResponse<String> refused =
                    patch(server, "d", "{\"mutations\":[" + ADD_X + "],\"content\":[" + insert("t", 0, "abc") + "]}");
            assertEquals(422, refused.statusCode());
            assertEquals("no-tags", code(refused));
            assertEquals(404, get(server, "v1/documents/d").statusCode(), "what is refused begins no document");
            assertEquals(
                    200,
                    patch(server, "d", "{\"content\":[" + insert("t", 0, "x".repeat(70_000)) + "]}")
                            .statusCode());
            HttpResponse<String> full = patch(server, "d", "{\"content\":[" + insert("t", 0, "x") + "]}");
            assertEquals(422, full.statusCode());
            assertEquals("document-full", code(full));
            assertEquals(1, asked.get(), "content is not judged");
        }
    }

    @Test
    void theListHasWhatWhoeverAsksMayReadAndNoOtherName() throws Exception {
        AccessPolicy policy = request -> CompletableFuture.completedFuture(
                request.token().equals("bad")
                        ? Grant.denied(Denied.NEEDS_AUTH)
                        : request.document().startsWith("open/")
                                        || request.token().equals("all")
                                ? new Grant(Principal.ANONYMOUS, Capability.WRITE, Grant.NEVER)
                                : Grant.denied(Denied.FORBIDDEN));
        try (SyncServer server = SyncServer.builder().port(0).access(policy).start()) {
            List<String> all = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                for (String folder : List.of("open/", "shut/", "open/ü\uD83D\uDE00")) {
                    String name = folder + String.format("%02d", i);
                    all.add(name);
                    server.document(name)
                            .transact(document -> document.counter("n").increment())
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS);
                }
            }
            assertEquals(new TreeSet<>(all), new TreeSet<>(listed(server, "", "all", 7)));
            List<String> open = listed(server, "", "", 7);
            assertEquals(120, open.size());
            assertTrue(open.stream().allMatch(name -> name.startsWith("open/")), open.toString());
            assertEquals(60, listed(server, "open/ü", "", 1_000).size());
            assertEquals(List.of(), listed(server, "shut/", "", 10));
            assertEquals(List.of(), listed(server, "none", "all", 10));

            HttpResponse<String> page = get(server, "v1/documents?limit=2&token=all");
            JsonNode first = JSON.readTree(page.body());
            assertEquals(2, first.path("documents").size());
            assertEquals(
                    server.document("open/00")
                            .read()
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS)
                            .orElseThrow()
                            .position()
                            .sequence(),
                    first.path("documents").path(0).path("sequence").asLong());
            String cursor = first.path("next").asText();
            for (String bad : List.of("limit=0", "limit=1001", "limit=x", "prefix=%ff")) {
                assertEquals("bad-format", code(get(server, "v1/documents?" + bad)), bad);
            }
            for (String bad : List.of("cursor=x", "cursor=" + cursor.substring(1), "prefix=o&cursor=" + cursor)) {
                assertEquals("bad-cursor", code(get(server, "v1/documents?" + bad)), bad);
            }
            assertEquals(401, get(server, "v1/documents?token=bad").statusCode());
        }
    }

    private static List<String> listed(SyncServer server, String prefix, String token, int limit) throws Exception {
        List<String> names = new ArrayList<>();
        String cursor = "";
        do {
            String query = "?limit=" + limit + "&token=" + token + "&prefix="
                    + URLEncoder.encode(prefix, StandardCharsets.UTF_8) + (cursor.isEmpty() ? "" : "&cursor=" + cursor);
            HttpResponse<String> page = get(server, "v1/documents" + query);
            assertEquals(200, page.statusCode(), page.body());
            JsonNode body = JSON.readTree(page.body());
            assertTrue(body.path("documents").size() <= limit);
            body.path("documents")
                    .forEach(line -> names.add(line.path("document").asText()));
            cursor = body.path("next").asText();
        } while (!cursor.isEmpty());
        return names;
    }

    @Test
    void statisticsSayWhatADocumentTakes() throws Exception {
        try (SyncServer server = server()) {
            patch(
                    server,
                    "a/b",
                    "{\"mutations\":[" + ADD_X + "],\"content\":[" + insert("t", 0, "abc") + "," + insert("t", 1, "d")
                            + "]}");
            JsonNode stats = JSON.readTree(get(server, "v1/stats/a/b").body());
            JsonNode written = JSON.readTree(
                    patch(server, "a/b", "{\"mutations\":[" + ADD_X + "]}").body());
            assertEquals(written.path("epoch"), stats.path("epoch"));
            assertEquals(1, stats.path("position").path("sequence").asLong());
            assertEquals(1, stats.path("objects").path("cells").asInt());
            assertEquals(3, stats.path("content").path("structs").asInt());
            assertEquals(1, stats.path("content").path("clients").asInt());
            assertEquals("hot", stats.path("content").path("tier").asText());
            assertEquals(1, stats.path("stored").path("logEntries").asInt());
            assertEquals(0, stats.path("connections").path("editors").asInt());
            assertEquals(404, get(server, "v1/stats/none").statusCode());
            assertEquals(405, send(server, "PATCH", "v1/stats/a/b", "{}").statusCode());
        }
    }

    @Test
    void codeInTheSameProcessHearsOfEveryChange() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        BlockingQueue<DocumentNotice> notices = new LinkedBlockingQueue<>();
        try (SyncServer server = server()) {
            server.onChange(notices::add);
            server.document("d").onChange(change -> {
                throw new IllegalStateException("a listener that is broken");
            });
            var subscription = server.document("d")
                    .onChange(change -> heard.add(change.changes().size() + " " + change.content() + " "
                            + change.view().snapshot().toMap()));
            patch(server, "d", "{\"mutations\":[" + ADD_X + "]}");
            assertEquals("1 false {tags=[x]}", heard.poll(60, TimeUnit.SECONDS));
            patch(server, "d", "{\"content\":[" + insert("t", 0, "abc") + "]}");
            assertEquals("0 true {tags=[x]}", heard.poll(60, TimeUnit.SECONDS));
            assertEquals(
                    "abc",
                    server.document("d")
                            .content()
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS)
                            .orElseThrow()
                            .content()
                            .text("t"));
            server.document("other")
                    .transact(document -> document.counter("n").increment())
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
            subscription.close();
            patch(server, "d", "{\"mutations\":[" + ADD_X.replace("\"x\"", "\"y\"") + "]}");
            List<String> told = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                DocumentNotice notice = notices.poll(60, TimeUnit.SECONDS);
                told.add(
                        notice == null
                                ? "nothing"
                                : notice.kind() + " " + notice.document() + " "
                                        + notice.position().sequence());
            }
            told.removeIf(each -> each.contains("other"));
            assertEquals(List.of("CREATED d 0", "CHANGED d 1", "CHANGED d 2", "CHANGED d 3"), told);
            assertTrue(heard.isEmpty());
            assertEquals(
                    2,
                    server.documents("", "", 10)
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS)
                            .size());
            assertEquals(
                    1,
                    server.document("d")
                            .stats()
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS)
                            .orElseThrow()
                            .content()
                            .clients());
            assertEquals(List.of("DELETED", "CREATED", "DELETED", "CREATED"), livesOf(server.document("d"), notices));
        }
    }

    /** What is told while a document is deleted and restored, deleted and begun anew; each life has an epoch of its own. */
    private static List<String> livesOf(RoomHandle document, BlockingQueue<DocumentNotice> notices) throws Exception {
        document.delete().toCompletableFuture().get(60, TimeUnit.SECONDS);
        document.restore().toCompletableFuture().get(60, TimeUnit.SECONDS);
        document.delete().toCompletableFuture().get(60, TimeUnit.SECONDS);
        document.beginAnew().toCompletableFuture().get(60, TimeUnit.SECONDS);
        List<String> kinds = new ArrayList<>();
        Set<Long> epochs = new HashSet<>();
        for (int i = 0; i < 4; i++) {
            DocumentNotice notice = Objects.requireNonNull(notices.poll(60, TimeUnit.SECONDS));
            kinds.add(notice.kind().toString());
            epochs.add(notice.epoch());
        }
        assertEquals(3, epochs.size());
        return kinds;
    }

    @Test
    void theTagOfAWriteIsOfWhatItsAuthorHasSeen() throws Exception {
        try (SyncServer server = server()) {
            List<CompletableFuture<String>> tags = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                tags.add(server.document("d")
                        .transact(document -> document.counter("n").increment())
                        .thenApply(view -> view.etag() + view.snapshot().counter("n"))
                        .toCompletableFuture());
            }
            TreeSet<String> distinct = new TreeSet<>();
            for (int i = 0; i < 20; i++) {
                String tag = tags.get(i).get(60, TimeUnit.SECONDS);
                assertTrue(tag.endsWith("\"" + (i + 1)), tag);
                distinct.add(tag);
            }
            assertEquals(20, distinct.size());
            assertNotEquals(distinct.first(), distinct.last());
        }
    }

    private static final String ADD_X = "{\"path\":[\"tags\"],\"type\":\"set\",\"op\":\"add\",\"value\":\"x\"}";

    private static String insert(String root, int index, String text) {
        return "{\"path\":[\"" + root + "\"],\"type\":\"text\",\"op\":\"insert\",\"index\":" + index + ",\"value\":\""
                + text + "\"}";
    }

    private static SyncServer server() throws Exception {
        return SyncServer.builder().port(0).start();
    }

    private static HttpResponse<String> get(SyncServer server, String path) throws Exception {
        return send(server, "GET", path, null);
    }

    private static byte[] bytes(SyncServer server, String path) throws Exception {
        HttpResponse<byte[]> answer = HTTP.send(
                HttpRequest.newBuilder(server.uri().resolve("/" + path)).build(), BodyHandlers.ofByteArray());
        assertEquals(200, answer.statusCode());
        assertArrayEquals(
                answer.body(),
                HTTP.send(
                                HttpRequest.newBuilder(server.uri().resolve("/" + path))
                                        .build(),
                                BodyHandlers.ofByteArray())
                        .body());
        return answer.body();
    }

    private static HttpResponse<String> patch(SyncServer server, String document, String body) throws Exception {
        return send(server, "PATCH", "v1/documents/" + document, body);
    }

    private static HttpResponse<String> post(SyncServer server, String document, byte[] update) throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(server.uri().resolve("/v1/documents/" + document))
                        .header("content-type", UPDATE)
                        .POST(BodyPublishers.ofByteArray(update))
                        .build(),
                BodyHandlers.ofString());
    }

    private static HttpResponse<String> send(
            SyncServer server, String method, String path, @Nullable String body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.uri().resolve("/" + path))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        if (body != null && !List.of(headers).contains("content-type")) {
            request.header("content-type", "application/json");
        }
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }

    private static String header(HttpResponse<?> answer, String name) {
        return answer.headers().firstValue(name).orElseThrow(() -> new AssertionError("no " + name + ": " + answer));
    }

    private static String code(HttpResponse<String> answer) throws Exception {
        assertEquals("application/problem+json", header(answer, "content-type"), answer.body());
        return JSON.readTree(answer.body()).path("code").asText();
    }
}
