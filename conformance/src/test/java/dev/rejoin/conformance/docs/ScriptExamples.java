package dev.rejoin.conformance.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * TypeScript examples as modules in a folder from which they find the packages as they are built: checked by the compiler of
 * {@code js-client}, then run by Node without their types, with IndexedDB in memory.
 */
final class ScriptExamples {
    private static final Path PACKAGES = Checkout.ROOT.resolve("js-client/node_modules");
    private static final long SECONDS = 60;
    private static final String SETTINGS = """
            {
              "compilerOptions": {
                "target": "ES2022", "module": "NodeNext", "moduleResolution": "NodeNext",
                "lib": ["ES2023", "DOM", "DOM.Iterable"], "types": [], "jsx": "react-jsx",
                "strict": true, "exactOptionalPropertyTypes": true, "noUncheckedIndexedAccess": true, "noEmit": true
              },
              "include": ["*.ts", "*.tsx"]
            }
            """;

    private static final String STRIP = "strip.cjs";
    private static final String STRIPPER = """
            const { readFileSync, writeFileSync } = require('node:fs');
            const [esbuild, from, to] = process.argv.slice(2);
            const { code } = require(esbuild).transformSync(readFileSync(from, 'utf8'), { loader: 'tsx', jsx: 'automatic', target: 'es2022' });
            writeFileSync(to, code);
            """;

    private final Path folder;

    private ScriptExamples(Path folder) {
        this.folder = folder;
    }

    /** Prepares a folder that exists and is empty. */
    static ScriptExamples in(Path folder) throws IOException {
        assertTrue(
                Files.isDirectory(Checkout.ROOT.resolve("js-client/packages/client/dist")),
                "js-client is not built; run Maven with -am");
        Path scope = Files.createDirectories(folder.resolve("node_modules/@rejoin"));
        Files.createSymbolicLink(scope.resolve("client"), Checkout.ROOT.resolve("js-client/packages/client"));
        for (String name : List.of("fake-indexeddb", "react", "react-dom", "@types")) {
            Files.createSymbolicLink(folder.resolve("node_modules").resolve(name), PACKAGES.resolve(name));
        }
        Files.writeString(folder.resolve("package.json"), "{ \"type\": \"module\" }\n");
        Files.writeString(folder.resolve("tsconfig.json"), SETTINGS);
        Files.writeString(folder.resolve(STRIP), STRIPPER);
        return new ScriptExamples(folder);
    }

    /** Adds a module of this name. */
    void add(String name, Snippet snippet) throws IOException {
        Files.writeString(folder.resolve(name + "." + snippet.language()), snippet.text() + "export {};\n");
    }

    /** What the compiler says of all modules; nothing if they are right. */
    String complaints() throws Exception {
        return run(PACKAGES.resolve("typescript/bin/tsc").toString(), "--pretty", "false", "-p", ".").output;
    }

    /** Runs a module; the server takes the place of 127.0.0.1:8080. Returns the lines it prints. */
    List<String> run(String name, String language, String server) throws Exception {
        Path stripped = folder.resolve(name + ".mjs");
        Result result = run(
                STRIP, PACKAGES.resolve("esbuild/lib/main.js").toString(), name + "." + language, stripped.toString());
        assertEquals(0, result.code, result.output);
        // A client that an example leaves open would keep the process alive.
        String program = Files.readString(stripped).replace("127.0.0.1:8080", server) + "process.exit(0);\n";
        Files.writeString(stripped, program);
        result = run("--experimental-websocket", "--import", "fake-indexeddb/auto", stripped.toString());
        assertEquals(0, result.code, result.output);
        return result.output.lines().toList();
    }

    private record Result(int code, String output) {}

    private Result run(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("node", "--no-warnings"));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(folder, "output", ".txt");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(command + " takes more than " + SECONDS + " s: " + Files.readString(output));
        }
        return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    }
}
