package dev.rejoin.conformance.browser;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.conformance.process.NodePackage;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A real Chromium, driven tab by tab. */
final class Browser implements AutoCloseable {
    private static final long UNTIL_MILLIS = 60_000;
    private static final Path LOGS = Path.of("target").toAbsolutePath();
    private static final List<String> NAMES =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

    private final ObjectMapper json = new ObjectMapper();
    private final Process puppet;
    private final BufferedWriter commands;
    private final BufferedReader answers;

    private Browser(Process puppet) throws IOException {
        this.puppet = puppet;
        this.commands = new BufferedWriter(new OutputStreamWriter(puppet.getOutputStream(), StandardCharsets.UTF_8));
        this.answers = new BufferedReader(new InputStreamReader(puppet.getInputStream(), StandardCharsets.UTF_8));
        try {
            answer();
        } catch (AssertionError refused) {
            throw new IOException(refused.getMessage(), refused);
        }
    }

    /** Starts a browser. Where there is none the calling test is skipped, but fails in CI. */
    static Browser startOrSkip() throws IOException {
        try {
            return start();
        } catch (IOException missing) {
            String message = "no browser to test with: " + missing.getMessage()
                    + " (install chromium, or name one in CHROMIUM_PATH)";
            if ("true".equals(System.getenv("CI"))) {
                throw new IOException(message, missing);
            }
            // Maven does not tell why a test was skipped.
            System.err.println("Skipped: " + message);
            return Assumptions.abort(message);
        }
    }

    /** Starts the system's Chromium, or the one that an npm package ships. */
    private static Browser start() throws IOException {
        Path folder = NodePackage.installed("browser");
        ProcessBuilder builder = new ProcessBuilder("node", "puppet.mjs")
                .directory(folder.toFile())
                .redirectError(LOGS.resolve("browser.log").toFile());
        Optional<Path> installed = installed();
        if (installed.isPresent()) {
            builder.environment().put("CHROMIUM_PATH", installed.get().toString());
        } else if (!Files.isDirectory(folder.resolve("node_modules/@sparticuz/chromium"))) {
            String shipped = new ObjectMapper()
                    .readTree(folder.resolve("package.json").toFile())
                    .get("browserWhereNoneIsInstalled")
                    .asText();
            NodePackage.npm(folder, "install", "--no-save", "--no-audit", "--no-fund", shipped);
        }
        return new Browser(builder.start());
    }

    private static Optional<Path> installed() {
        String chosen = System.getenv("CHROMIUM_PATH");
        if (chosen != null) {
            return Optional.of(Path.of(chosen));
        }
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        for (String folder : path.split(File.pathSeparator)) {
            for (String name : NAMES) {
                Path candidate = Path.of(folder, name);
                if (Files.isExecutable(candidate)) {
                    return Optional.of(candidate);
                }
            }
        }
        return Optional.empty();
    }

    /** Opens a page in a context of its own, as another person would. */
    Tab open(String name, String url) throws IOException {
        Tab tab = new Tab(name);
        tab.perform("open", url);
        return tab;
    }

    /** As {@link #open}, where each message of a WebSocket takes so long, in both directions. */
    Tab openSlow(String name, String url, long millis) throws IOException {
        Tab tab = new Tab(name);
        tab.perform("openSlow", url, millis);
        return tab;
    }

    /** As {@link #open}, in a browser that this script has prepared before the page's own. */
    Tab openPrepared(String name, String url, String script) throws IOException {
        Tab tab = new Tab(name);
        tab.perform("openPrepared", url, script);
        return tab;
    }

    /** Closes all pages and says what they have complained about. */
    List<String> closeAll() throws IOException {
        List<String> mistakes = new ArrayList<>();
        new Tab("all").perform("closeAll").forEach(mistake -> mistakes.add(mistake.asText()));
        return mistakes;
    }

    private JsonNode answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("the browser has ended, see " + LOGS.resolve("browser.log"));
        }
        JsonNode answer = json.readTree(line);
        if (answer.has("error")) {
            throw new AssertionError(answer.get("error").asText());
        }
        return answer.get("ok");
    }

    /** One page. */
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
                        "tab " + name + ", " + operation + " " + List.of(arguments) + ": " + failed.getMessage(),
                        failed);
            }
        }

        /** Opens another page beside this one, in the same browser and with the same storage. */
        Tab openBeside(String otherName, String url) throws IOException {
            Tab tab = new Tab(otherName);
            tab.perform("openBeside", name, url);
            return tab;
        }

        void click(String selector) throws IOException {
            perform("click", selector);
        }

        /** Types a text and presses Enter. */
        void enter(String selector, String text) throws IOException {
            perform("fill", selector, text);
            perform("press", selector, "Enter");
        }

        /** Types where the cursor of an editor is; keys are in braces: {@code {Control+B}}. */
        void type(String selector, String text) throws IOException {
            perform("type", selector, text);
        }

        JsonNode evaluate(String expression) throws IOException {
            return perform("evaluate", expression);
        }

        String text(String selector) throws IOException {
            return evaluate("document.querySelector('" + selector + "').textContent")
                    .asText();
        }

        boolean has(String selector) throws IOException {
            return evaluate("document.querySelector('" + selector + "') !== null")
                    .asBoolean();
        }

        /** Waits until a JavaScript expression is true, or a promise of what is true; it is looked at anew until then. */
        void until(String expression) throws IOException {
            until(expression, UNTIL_MILLIS);
        }

        void until(String expression, long millis) throws IOException {
            perform("until", expression, millis);
        }

        /** Takes the network from this tab's browser, or gives it back; sockets that are open stay open and carry nothing. */
        void network(boolean there) throws IOException {
            perform("network", there);
        }

        /** Goes to another page in the same tab. */
        void go(String url) throws IOException {
            perform("goto", url);
        }

        void select(String selector, String value) throws IOException {
            perform("select", selector, value);
        }

        void reload() throws IOException {
            perform("reload");
        }

        void close() throws IOException {
            perform("close");
        }

        /** Everything that was on the screen since the page was loaded, moment by moment. */
        List<JsonNode> shown() throws IOException {
            List<JsonNode> moments = new ArrayList<>();
            for (JsonNode moment : evaluate("window.shown")) {
                moments.add(json.readTree(moment.asText()));
            }
            return moments;
        }

        /** Takes a picture of the whole page and says how many pixels it is too wide for the window. */
        int screenshot(Path file, int width, String scheme) throws IOException {
            return perform("screenshot", file.toAbsolutePath().toString(), width, scheme)
                    .asInt();
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        commands.close();
        if (!puppet.waitFor(10, TimeUnit.SECONDS)) {
            puppet.destroyForcibly();
        }
    }
}
