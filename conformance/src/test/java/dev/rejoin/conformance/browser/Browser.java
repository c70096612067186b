package dev.rejoin.conformance.browser;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A real Chromium, driven tab by tab; each tab has a browser context of its own, as a second person would. */
final class Browser implements AutoCloseable {
    private static final long UNTIL_MILLIS = 20_000;
    private static final Path FOLDER = Path.of("browser").toAbsolutePath();

    private final ObjectMapper json = new ObjectMapper();
    private final Process puppet;
    private final BufferedWriter commands;
    private final BufferedReader answers;

    private Browser(Process puppet) throws IOException {
        this.puppet = puppet;
        this.commands = new BufferedWriter(new OutputStreamWriter(puppet.getOutputStream(), StandardCharsets.UTF_8));
        this.answers = new BufferedReader(new InputStreamReader(puppet.getInputStream(), StandardCharsets.UTF_8));
        answer();
    }

    /** Starts the system's Chromium, or the one that an npm package ships. */
    static Browser start() throws IOException, InterruptedException {
        if (!Files.isDirectory(FOLDER.resolve("node_modules/playwright-core"))) {
            npm("ci", "--no-audit", "--no-fund");
        }
        ProcessBuilder builder = new ProcessBuilder("node", "puppet.mjs")
                .directory(FOLDER.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        Optional<Path> installed = installed();
        if (installed.isPresent()) {
            builder.environment().put("CHROMIUM_PATH", installed.get().toString());
        } else if (!Files.isDirectory(FOLDER.resolve("node_modules/@sparticuz/chromium"))) {
            String shipped = new ObjectMapper()
                    .readTree(FOLDER.resolve("package.json").toFile())
                    .get("browserWhereNoneIsInstalled")
                    .asText();
            npm("install", "--no-save", "--no-audit", "--no-fund", shipped);
        }
        return new Browser(builder.start());
    }

    private static Optional<Path> installed() {
        String chosen = System.getenv("CHROMIUM_PATH");
        if (chosen != null) {
            return Optional.of(Path.of(chosen));
        }
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        for (String folder : path.split(java.io.File.pathSeparator)) {
            for (String name : List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")) {
                Path candidate = Path.of(folder, name);
                if (Files.isExecutable(candidate)) {
                    return Optional.of(candidate);
                }
            }
        }
        return Optional.empty();
    }

    private static void npm(String... arguments) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of("npm"));
        command.addAll(List.of(arguments));
        Process npm = new ProcessBuilder(command)
                .directory(FOLDER.toFile())
                .inheritIO()
                .start();
        if (npm.waitFor() != 0) {
            throw new IOException("failed: " + String.join(" ", command));
        }
    }

    Tab open(String name, String url) throws IOException {
        Tab tab = new Tab(name);
        tab.perform("open", url);
        return tab;
    }

    private JsonNode answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("the browser has ended");
        }
        JsonNode answer = json.readTree(line);
        if (answer.has("error")) {
            throw new AssertionError(answer.get("error").asText());
        }
        return answer.get("ok");
    }

    /** One page in a context of its own. */
    final class Tab {
        private final String name;

        private Tab(String name) {
            this.name = name;
        }

        private JsonNode perform(String operation, Object... arguments) throws IOException {
            commands.write(json.writeValueAsString(Map.of("tab", name, "op", operation, "args", List.of(arguments))));
            commands.newLine();
            commands.flush();
            try {
                return answer();
            } catch (AssertionError failed) {
                throw new AssertionError(
                        "tab " + name + ", " + operation + " " + List.of(arguments) + ": " + failed.getMessage());
            }
        }

        void click(String selector) throws IOException {
            perform("click", selector);
        }

        void enter(String selector, String text) throws IOException {
            perform("fill", selector, text);
            perform("submit", selector);
        }

        JsonNode evaluate(String expression) throws IOException {
            return perform("evaluate", expression);
        }

        /** Waits until a JavaScript expression is true. */
        void until(String expression) throws IOException {
            perform("until", expression, UNTIL_MILLIS);
        }

        void reload() throws IOException {
            perform("reload");
        }

        void watchTags() throws IOException {
            perform("watchTags");
        }

        void screenshot(Path file, int width, String scheme) throws IOException {
            perform("screenshot", file.toAbsolutePath().toString(), width, scheme);
        }
    }

    @Override
    public void close() throws Exception {
        commands.close();
        if (!puppet.waitFor(10, TimeUnit.SECONDS)) {
            puppet.destroyForcibly();
        }
    }
}
