package dev.rejoin.conformance.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.server.SyncServer;
import dev.rejoin.server.room.MutationValidator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The examples that need a server, each with a fresh one that refuses what the demo's refuses: they compile, run, and print
 * what they say.
 */
final class ServerExamplesIT {
    @TempDir
    Path folder;

    @TestFactory
    Stream<DynamicTest> javaExamplesPrintWhatTheySay() {
        List<Snippet> snippets =
                Snippet.all("java").stream().filter(Snippet::server).toList();
        assertTrue(snippets.size() > 4, "found only " + snippets);
        return snippets.stream()
                .map(snippet -> DynamicTest.dynamicTest(snippet.toString(), () -> {
                    try (SyncServer server = server()) {
                        assertEquals(
                                snippet.printed(),
                                JavaExample.of(snippet, folder).run(address(server)));
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> typeScriptExamplesPrintWhatTheySay() throws Exception {
        List<Snippet> snippets = Snippet.all("ts", "tsx");
        assertTrue(snippets.size() > 2, "found only " + snippets);
        Path modules = Files.createTempDirectory(folder, "ts");
        ScriptExamples scripts = ScriptExamples.in(modules);
        for (Snippet snippet : snippets) {
            scripts.add(name(snippet), snippet);
        }
        assertEquals("", scripts.complaints());
        return snippets.stream()
                .map(snippet -> DynamicTest.dynamicTest(snippet.toString(), () -> {
                    try (SyncServer server = server()) {
                        assertEquals(
                                snippet.printed(), scripts.run(name(snippet), snippet.language(), address(server)));
                    }
                }));
    }

    @Test
    void aTypeScriptExampleThatIsWrongIsNoticed() throws Exception {
        ScriptExamples scripts = ScriptExamples.in(Files.createTempDirectory(folder, "ts"));
        String text = """
                ```ts
                import { open } from '@rejoin/client';
                const client = await open({ url: 'ws://127.0.0.1:8080/sync', document: 'a', online: false });
                client.document.counter('likes').add('one');
                ```
                """;
        scripts.add("wrong", Snippet.parse("page.md", text).get(0));
        assertTrue(scripts.complaints().startsWith("wrong.ts(3,38): error"), scripts.complaints());
    }

    private SyncServer server() throws Exception {
        return SyncServer.builder()
                .port(0)
                .data(Files.createTempDirectory(folder, "data"))
                .validator(change -> change.mutations().stream().anyMatch(each -> "forbidden".equals(each.value()))
                        ? MutationValidator.Decision.reject("content-rejected", "this tag is not allowed here")
                        : MutationValidator.Decision.accept())
                .start();
    }

    private static String address(SyncServer server) {
        return "127.0.0.1:" + server.port();
    }

    private static String name(Snippet snippet) {
        return snippet.toString().replaceAll("[^A-Za-z0-9]+", "-");
    }
}
