package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.server.room.DocumentView;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class SessionsOverHttpIT {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final String ADD =
            "{\"mutations\":[{\"path\":[\"visits\"],\"type\":\"counter\",\"op\":\"increment\",\"value\":1}]}";
    private static final String LONG_WAIT = "wait=20";

    @TempDir
    Path directory;

    private SyncServer server;

    @BeforeEach
    void start() throws Exception {
        server = SyncServer.builder().port(0).data(directory.resolve("data")).start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void restart() throws Exception {
        server.close();
        start();
    }

    private HttpRequest.Builder request(String query, String... headers) {
        URI uri = server.uri().resolve("/v1/documents/d" + query);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        return headers.length == 0 ? request : request.headers(headers);
    }

    private HttpResponse<String> get(String... headers) throws Exception {
        return HTTP.send(request("", headers).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> add(String... headers) throws Exception {
        return HTTP.send(
                request("", headers)
                        .header("content-type", "application/json")
                        .method("PATCH", BodyPublishers.ofString(ADD))
                        .build(),
                BodyHandlers.ofString());
    }

    private static String header(HttpResponse<?> answer, String name) {
        return answer.headers().firstValue(name).orElseThrow();
    }

    private static String token(HttpResponse<?> answer) {
        return header(answer, "session-token");
    }

    private long epoch() throws Exception {
        return view().epoch();
    }

    private DocumentView view() throws Exception {
        return server.document("d").read().toCompletableFuture().get().orElseThrow();
    }

    @Test
    void theTokenOfAWriteIsSatisfiedByTheNextReadAndGrowsNoLargerThanItHasTo() throws Exception {
        String written = token(add());
        HttpResponse<String> read = get("session-token", written);
        assertEquals(200, read.statusCode());
        assertEquals("local", header(read, "consistency-outcome"));
        assertEquals("0", header(read, "staleness-ms"));
        assertTrue(SessionToken.parse(token(read)).includes(SessionToken.parse(written)));
        assertTrue(SessionToken.parse(token(read)).encode().length <= 64);
    }

    @Test
    void aTokenOfAnEarlierOpeningIsSatisfiedAfterRestarts() throws Exception {
        String before = token(add());
        String last = before;
        for (int i = 0; i < 3; i++) {
            restart();
            last = token(add());
        }
        assertEquals("local", header(get("session-token", before), "consistency-outcome"));
        assertEquals(
                1, SessionToken.parse(last).writes("d", epoch()).size(), "the answer names the last opening alone");
        assertNotEquals(
                SessionToken.parse(before).writes("d", epoch()),
                SessionToken.parse(last).writes("d", epoch()));
    }

    @Test
    void theTailOfAnOpeningThatIsGoneIsToldToBeLost() throws Exception {
        add();
        PositionVector first = SessionToken.parse(token(get())).reads("d", epoch());
        PositionVector[] ahead = {PositionVector.EMPTY};
        first.forEach((origin, sequence) -> ahead[0] = ahead[0].with(new Position(origin, sequence + 3)));
        restart();
        HttpResponse<String> answer =
                get("session-token", SessionToken.ofRead("d", epoch(), ahead[0]).text(), "prefer", LONG_WAIT);
        assertEquals(409, answer.statusCode());
        assertTrue(answer.body().contains("\"session-lost-writes\""), answer.body());
        assertTrue(answer.body().contains("\"surviving\":{\"" + first.toString().substring(1, 13)), answer.body());
    }

    @Test
    void aParkedReadIsAnsweredWhenTheWriteIsThere() throws Exception {
        add();
        PositionVector[] next = {PositionVector.EMPTY};
        SessionToken.parse(token(get()))
                .reads("d", epoch())
                .forEach((origin, sequence) -> next[0] = next[0].with(new Position(origin, sequence + 1)));
        String text = SessionToken.ofRead("d", epoch(), next[0]).text();
        CompletableFuture<HttpResponse<String>> parked = HTTP.sendAsync(
                request("", "session-token", text, "prefer", LONG_WAIT).build(), BodyHandlers.ofString());
        while (!server.metrics().page().contains("rejoin_requests_parked 1.0")) {
            Thread.onSpinWait();
        }
        assertFalse(parked.isDone());
        add();
        HttpResponse<String> answer = parked.get();
        assertEquals("waited", header(answer, "consistency-outcome"));
        assertEquals("wait=20", header(answer, "preference-applied"));
        assertTrue(answer.body().contains("\"visits\":2"), answer.body());
    }

    @Test
    void whatDoesNotComeIsToldWithWhatIsMissingOrDeclaredStale() throws Exception {
        add();
        String never = SessionToken.ofRead("d", epoch(), PositionVector.of(new Position(0xabc, 7)))
                .text();
        HttpResponse<String> failed = get("session-token", never, "prefer", "wait=0");
        assertEquals(503, failed.statusCode());
        assertEquals("1", header(failed, "retry-after"));
        assertTrue(failed.body().contains("\"session-not-satisfied\""), failed.body());
        assertTrue(failed.body().contains("\"missing\":{\"000000000abc\":7}"), failed.body());
        HttpResponse<String> stale = get("session-token", never, "prefer", "wait=0, handling=lenient");
        assertEquals(200, stale.statusCode());
        assertEquals("stale", header(stale, "consistency-outcome"));
        assertEquals(
                503,
                add("session-token", never, "prefer", "wait=0, handling=lenient")
                        .statusCode());
        assertTrue(
                get().body().contains("\"visits\":1"), "the write that followed on what is not here was not admitted");
        assertEquals("local", header(get("session-token", never, "consistency", "eventual"), "consistency-outcome"));
    }

    @Test
    void anotherLifeOfTheDocumentIsNoAnswerToASession() throws Exception {
        String before = token(add());
        server.document("d").delete().toCompletableFuture().get();
        server.document("d").restore().toCompletableFuture().get();
        HttpResponse<String> answer = get("session-token", before);
        assertEquals(409, answer.statusCode());
        assertTrue(answer.body().contains("\"epoch-changed\""), answer.body());
        assertEquals(409, add("session-token", before).statusCode());
        assertEquals("local", header(get(), "consistency-outcome"));
    }

    @Test
    void bytesThatAreNoTokenAreRefused() throws Exception {
        String good = token(add());
        for (String bad : new String[] {"?", good.substring(1), good + "AA", "A".repeat(6_000)}) {
            HttpResponse<String> answer = get("session-token", bad);
            assertEquals(400, answer.statusCode(), bad);
            assertTrue(answer.body().contains("\"token-invalid\""), answer.body());
        }
        assertEquals(400, get("consistency", "sure").statusCode());
    }

    @Test
    void aStrongReadOfAServerThatIsAloneIsAnswered() throws Exception {
        add();
        assertEquals("local", header(get("consistency", "strong"), "consistency-outcome"));
        assertEquals("local", header(get("consistency", "bounded-staleness=5"), "consistency-outcome"));
    }

    @Test
    void aWriteThatSomebodyCameBeforeIsToldWhatIsThereNow() throws Exception {
        String tag = header(add(), "etag");
        String theirs = header(add(), "etag");
        HttpResponse<String> late = add("if-match", tag);
        assertEquals(412, late.statusCode());
        String body = late.body();
        assertTrue(body.contains("\"base\":\"" + tag.replace("\"", "\\\"") + "\""), body);
        assertTrue(body.contains("\"etag\":\"" + theirs.replace("\"", "\\\"") + "\""), body);
        assertTrue(body.contains("\"objects\":{\"visits\":2}"), body);
        assertEquals(200, add("if-match", theirs).statusCode());
    }

    @Test
    void aReadOfOneVersionMayBeKeptForGoodAndOfAnotherIsNone() throws Exception {
        String tag = header(add(), "etag").replace("\"", "");
        HttpResponse<String> kept = HTTP.send(request("?v=" + tag).build(), BodyHandlers.ofString());
        assertEquals("private, max-age=31536000, immutable", header(kept, "cache-control"));
        add();
        assertEquals(
                404,
                HTTP.send(request("?v=" + tag).build(), BodyHandlers.ofString()).statusCode());
    }

    @Test
    void aSealedTokenOfAnotherKeyIsRefused() throws Exception {
        server.close();
        Path keys = directory.resolve("keys");
        Files.writeString(keys, Base64.getEncoder().encodeToString(new byte[32]) + "\n");
        server = SyncServer.builder()
                .config(ServerConfig.DEFAULTS
                        .with(ServerConfig.PORT, 0)
                        .with(ServerConfig.SESSION_KEY_FILE, Optional.of(keys)))
                .start();
        String sealed = token(add());
        assertEquals("local", header(get("session-token", sealed), "consistency-outcome"));
        String forged = SessionToken.ofRead("d", epoch(), PositionVector.of(new Position(1, 1)))
                .text();
        assertEquals(400, get("session-token", forged).statusCode());
        char last = sealed.charAt(sealed.length() - 2);
        String touched = sealed.substring(0, sealed.length() - 2)
                + (last == 'A' ? 'B' : 'A')
                + sealed.substring(sealed.length() - 1);
        assertEquals(400, get("session-token", touched).statusCode());
    }
}
