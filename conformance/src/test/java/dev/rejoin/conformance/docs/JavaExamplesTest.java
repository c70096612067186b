package dev.rejoin.conformance.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The Java examples that need no server compile, run, and print what they say. */
final class JavaExamplesTest {
    private static final String NO_SERVER = "no-server.invalid:1";

    @TempDir
    Path folder;

    @TestFactory
    Stream<DynamicTest> examplesPrintWhatTheySay() {
        List<Snippet> snippets = Snippet.all("java");
        assertTrue(snippets.size() > 15, "found only " + snippets);
        return snippets.stream()
                .filter(snippet -> !snippet.server())
                .map(snippet -> DynamicTest.dynamicTest(
                        snippet.toString(),
                        () -> assertEquals(
                                snippet.printed(),
                                JavaExample.of(snippet, folder).run(NO_SERVER))));
    }

    @Test
    void anExampleThatDoesNotCompileIsNoticed() {
        Snippet broken = snippet("GCounter.standalone(ReplicaId.random()).decrement();");
        AssertionError complaint = assertThrows(
                AssertionError.class, () -> JavaExample.of(broken, folder).run(NO_SERVER));
        assertTrue(
                String.valueOf(complaint.getMessage()).contains("page.md:1 does not compile"), complaint.getMessage());
    }

    @Test
    void anExampleThatFailsIsNoticed() {
        Snippet failing = snippet("GCounter.standalone(ReplicaId.random()).increment(0);");
        assertThrows(AssertionError.class, () -> JavaExample.of(failing, folder).run(NO_SERVER));
    }

    @Test
    void anExampleThatPrintsSomethingElseIsNoticed() throws Exception {
        Snippet other = snippet("System.out.println(1 + 1); // 3");
        assertEquals(List.of("3"), other.printed());
        assertEquals(List.of("2"), JavaExample.of(other, folder).run(NO_SERVER));
    }

    private static Snippet snippet(String text) {
        return Snippet.parse("page.md", "```java\n" + text + "\n```\n").get(0);
    }
}
