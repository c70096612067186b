package dev.rejoin.conformance.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The comments on public types and members, held to by the compiler's doclint: they are well-formed, what they refer to
 * exists, and none is missing. Tags for parameters and results are left out where the sentence says it all.
 */
final class JavadocTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"crdt-core", "consistency", "sync-protocol", "sync-client", "sync-server"})
    void publicCommentsAreSound(String module) {
        assertEquals(List.of(), complaints(module, "-Xdoclint:all/public", "-Xdoclint:-missing"));
    }

    /** The packages that an application meets first. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "crdt-core/src/main/java/dev/rejoin/crdt/",
                "consistency/src/main/java/dev/rejoin/consistency/",
                "sync-client/src/main/java/dev/rejoin/client/",
                "sync-server/src/main/java/dev/rejoin/server/"
            })
    void everythingPublicSaysWhatItIs(String source) {
        String module = source.substring(0, source.indexOf('/'));
        List<String> undescribed = complaints(module, "-Xdoclint:missing/public").stream()
                .filter(complaint -> complaint.contains("no comment"))
                .filter(complaint -> isIn(source, complaint))
                .toList();
        assertEquals(List.of(), undescribed);
    }

    private static boolean isIn(String source, String complaint) {
        String rest = complaint.substring(complaint.indexOf(source) + source.length());
        String packageName = rest.substring(0, rest.lastIndexOf('/') + 1);
        return complaint.contains(source)
                && List.of("", "clock/", "document/", "room/", "session/", "lag/", "probe/", "cache/", "flow/")
                        .contains(packageName);
    }

    private List<String> complaints(String module, String... options) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        StandardJavaFileManager files = compiler.getStandardFileManager(found, Locale.ROOT, null);
        List<Path> sources = Checkout.files(".java").stream()
                .filter(file -> Checkout.name(file).startsWith(module + "/src/main/java/"))
                .filter(file -> !file.endsWith("module-info.java"))
                .toList();
        assertTrue(sources.size() > 10, "found only " + sources);
        List<String> all = new ArrayList<>(List.of(
                "-proc:none",
                "-Xmaxwarns",
                "10000",
                "--release",
                "17",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                folder.toString()));
        all.addAll(List.of(options));
        assertTrue(
                compiler.getTask(null, files, found, all, null, files.getJavaFileObjectsFromPaths(sources))
                        .call(),
                () -> found.getDiagnostics().toString());
        return found.getDiagnostics().stream()
                .filter(diagnostic -> diagnostic.getLineNumber() > 0 && !isAboutTags(diagnostic))
                .map(diagnostic -> Checkout.name(Path.of(diagnostic.getSource().toUri())) + ":"
                        + diagnostic.getLineNumber() + ": " + diagnostic.getMessage(Locale.ROOT))
                .toList();
    }

    private static boolean isAboutTags(Diagnostic<?> diagnostic) {
        return diagnostic.getMessage(Locale.ROOT).startsWith("no @");
    }
}
