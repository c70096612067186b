package dev.rejoin.conformance.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A page of a test's own, put together by esbuild as an application's would be. */
final class PageBundle {
    private static final Path ESBUILD =
            Path.of("../js-client/node_modules/esbuild/bin/esbuild").toAbsolutePath();
    private static final long TIMEOUT_SECONDS = 60;

    private PageBundle() {}

    /**
     * Bundles a script, and puts it as {@code page.js} beside the {@code index.html} of the same sources.
     *
     * @param script in the folder {@code source}
     * @param packages the {@code node_modules} that it imports from
     * @param into an empty folder
     * @return the folder to be served
     */
    static Path build(Path source, String script, Path packages, Path into, String... flags)
            throws IOException, InterruptedException {
        Path page = Files.createDirectories(into.resolve("page"));
        Files.copy(source.resolve("index.html"), page.resolve("index.html"));
        Files.copy(source.resolve(script), into.resolve(script));
        Files.createSymbolicLink(into.resolve("node_modules"), packages.toAbsolutePath());
        List<String> command = new ArrayList<>(
                List.of(ESBUILD.toString(), script, "--bundle", "--format=esm", "--outfile=page/page.js"));
        command.addAll(List.of(flags));
        Path output = into.resolve("esbuild.log");
        Process esbuild = new ProcessBuilder(command)
                .directory(into.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(esbuild.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS), "esbuild ends");
        assertEquals(0, esbuild.exitValue(), Files.readString(output));
        return page;
    }
}
