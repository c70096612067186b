package dev.rejoin.conformance.editors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.conformance.process.ServerProcess;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Stock editors, unmodified, at a server that refuses some of what they write, and is killed in between. */
class RefusedEditorsIT {
    @TempDir
    private static @Nullable Path directory;

    private static @Nullable RefusingProcess running;

    @BeforeAll
    static void startServer() throws Exception {
        start(ServerProcess.freePort(new Random()));
    }

    private static void start(int port) throws Exception {
        Path place = Objects.requireNonNull(directory);
        running = RefusingProcess.start(port, place.resolve("data"), place.resolve("server.log"));
    }

    @AfterAll
    static void endServer() throws Exception {
        server().close();
    }

    private static RefusingProcess server() {
        return Objects.requireNonNull(running);
    }

    private static StockClient client(Editor editor, String document) throws Exception {
        return StockClient.of(editor, server().address(editor), document)
                .start()
                .awaitSynced();
    }

    private static String saved(Editor editor) {
        return editor.speaksHocuspocus() ? "hasUnsyncedChanges" : "connected";
    }

    private static void awaitSaved(Editor editor, StockClient client) {
        client.await(saved(editor), !editor.speaksHocuspocus());
    }

    @ParameterizedTest
    @EnumSource
    void aForbiddenWordVanishesAndWhatIsTypedAfterItStays(Editor editor) throws Exception {
        String document = "word/" + editor;
        try (StockClient ann = client(editor, document);
                StockClient bob = client(Editor.Y_WEBSOCKET_3, document)) {
            ann.insert(0, "so ");
            bob.await("text", "so ");
            ann.insert(3, "forbidden");
            ann.insert(12, " it");
            ann.await("text", "so  it");
            bob.await("text", "so  it");
            awaitSaved(editor, ann);
            ann.insert(6, " is");
            bob.await("text", "so  it is");

            server().kill();
            ann.await("connected", false);
            ann.insert(0, "forbidden ");
            start(server().port());
            ann.await("connected", true, "text", "so  it is");
            awaitSaved(editor, ann);
            ann.insert(0, "plainly ");
            bob.await("text", "plainly so  it is");
            try (StockClient late = client(Editor.HOCUSPOCUS_4, document)) {
                late.await("text", "plainly so  it is");
            }
            assertEquals(0, ann.status().get("exceptions").size(), ann::output);
            assertEquals(0, bob.status().get("exceptions").size(), bob::output);
            assertHeldNowhere(bob);
        }
    }

    /** Looks into all that a client has received, and into the files of the store. */
    private static void assertHeldNowhere(StockClient client) throws Exception {
        for (JsonNode frame : client.ask("frames")) {
            if (frame.path("direction").asText().equals("received")) {
                assertFalse(frame.toString().contains("forbidden"), frame::toString);
            }
        }
        String whole = client.ask("update").asText();
        assertFalse(scanned(Base64.getDecoder().decode(whole)).contains("forbidden"));
        try (Stream<Path> files = Files.walk(Objects.requireNonNull(directory).resolve("data"))) {
            StringBuilder all = new StringBuilder();
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.append(scanned(Files.readAllBytes(file)));
            }
            assertTrue(all.indexOf("plainly") >= 0, "the files are not where the text is");
            assertFalse(all.indexOf("forbidden") >= 0, "the word is in a file");
        }
    }

    private static String scanned(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @EnumSource
    void valuesFormatsAndDeletionsComeBack(Editor editor) throws Exception {
        String document = "values/" + editor;
        try (StockClient ann = client(editor, document);
                StockClient bob = client(Editor.HOCUSPOCUS_4, document)) {
            ann.set("title", "mine");
            ann.insert(0, "keep this");
            bob.await("text", "keep this", "map", Map.of("title", "mine"));
            ann.set("title", "forbidden");
            ann.ask("format", "index", 0, "length", 4, "attributes", Map.of("link", "forbidden"));
            ann.ask("push", "values", List.of(1, Map.of("deep", "forbidden")));
            ann.delete(0, 9);
            ann.await("text", "keep this", "map", Map.of("title", "mine"), "array", List.of());
            awaitSaved(editor, ann);
            ann.set("title", "ours");
            ann.insert(9, "!");
            bob.await("text", "keep this!", "map", Map.of("title", "ours"), "array", List.of());
            ann.await("text", "keep this!", "map", Map.of("title", "ours"), "array", List.of());
            assertEquals(0, ann.status().get("exceptions").size(), ann::output);
        }
    }

    @ParameterizedTest
    @EnumSource(names = "HOCUSPOCUS_.", mode = EnumSource.Mode.MATCH_ALL)
    void theReasonIsTold(Editor editor) throws Exception {
        try (StockClient ann = client(editor, "reason/" + editor)) {
            ann.insert(0, "fine ");
            ann.insert(5, "forbidden");
            ann.await("text", "fine ", "events", Map.of("stateless", 1));
            JsonNode told = ann.events().stream()
                    .filter(event -> event.path("event").asText().equals("stateless"))
                    .findFirst()
                    .orElseThrow();
            JsonNode notice = new ObjectMapper().readTree(told.path("payload").asText());
            assertEquals("rejected", notice.path("type").asText());
            assertEquals("forbidden", told.path("lost").asText(), "the page can offer it to be copied");
            assertEquals(RefusingProcess.CODE, notice.path("code").asText());
            assertEquals("that word is not allowed here", notice.path("message").asText());
            JsonNode range = notice.path("refused").get(0);
            assertEquals(ann.clientId(), range.path("client").asLong());
            assertEquals(5, range.path("from").asInt());
            assertEquals(14, range.path("to").asInt());
            ann.await("hasUnsyncedChanges", false);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Y_WEBSOCKET_3", "HOCUSPOCUS_4"})
    void aSenderThatIsToBeginAgainIsSentAwayAndNobodyElse(Editor editor) throws Exception {
        String document = "reset/" + editor;
        try (StockClient ann = client(editor, document);
                StockClient bob = client(Editor.Y_WEBSOCKET_3, document)) {
            bob.insert(0, "here ");
            ann.await("text", "here ");
            ann.insert(5, "reset me");
            ann.await("refusedFor", Map.of("content-rejected", 1));
            if (!editor.speaksHocuspocus()) {
                ann.await("closed", 4416);
            }
            bob.insert(5, "still");
            bob.await("text", "here still");
            assertTrue(ann.text().contains("reset me"), "its page has to load again");
            try (StockClient again = client(editor, document)) {
                again.await("text", "here still");
            }
        }
    }

    @Test
    void aWriteOverHttpIsToldTheCodeAndRefusalsAreCountedByIt() throws Exception {
        HttpClient http = HttpClient.newHttpClient();
        HttpRequest write = HttpRequest.newBuilder(server().http().resolve("/v1/documents/http"))
                .header("content-type", "application/json")
                .POST(
                        HttpRequest.BodyPublishers.ofString(
                                "{\"content\":[{\"path\":[\"t\"],\"type\":\"text\",\"op\":\"insert\",\"index\":0,\"value\":\"forbidden\"}]}"))
                .build();
        HttpResponse<String> answer = http.send(write, HttpResponse.BodyHandlers.ofString());
        assertEquals(422, answer.statusCode(), answer::body);
        assertEquals(
                "application/problem+json",
                answer.headers().firstValue("content-type").orElse(""));
        assertTrue(answer.body().contains(RefusingProcess.CODE), answer::body);
        try (StockClient ann = client(Editor.HOCUSPOCUS_4, "counted")) {
            ann.insert(0, "forbidden");
            ann.await("events", Map.of("stateless", 1));
        }
        String metrics = http.send(
                        HttpRequest.newBuilder(server().http().resolve("/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
        String counted = "rejoin_rejections_total{code=\"" + RefusingProcess.CODE + "\"} ";
        double refusals = metrics.lines()
                .filter(line -> line.startsWith(counted))
                .mapToDouble(line -> Double.parseDouble(line.substring(counted.length())))
                .sum();
        assertTrue(refusals >= 2, metrics);
    }
}
