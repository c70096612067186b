package dev.rejoin.conformance.editors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rejoin.conformance.process.NodePackage;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One stock editor with one document, in a Node process of its own. What it is told to do is done by the methods of its
 * provider and of Yjs; nothing between them and the server is ours but a WebSocket that counts.
 *
 * <p>Commands and conditions are those of {@code editors/stock-client.mjs}. The usual ones have methods here; the others
 * go through {@link #ask} and {@link #await}.
 */
public final class StockClient implements AutoCloseable {
    /** A bound on what takes milliseconds; nothing depends on it but how late a broken test fails. */
    private static final int DEADLINE_SECONDS = 60;

    private static final int END_SECONDS = 10;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Editor editor;
    private final Process process;
    private final String name;
    private final Path errors;
    private final BufferedWriter commands;
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    private final List<JsonNode> events = new CopyOnWriteArrayList<>();
    private int asked;

    private StockClient(Editor editor, Process process, String name, Path errors) {
        this.editor = editor;
        this.process = process;
        this.name = name;
        this.errors = errors;
        this.commands = process.outputWriter(StandardCharsets.UTF_8);
        Thread reader = new Thread(this::readOutput, name);
        reader.setDaemon(true);
        reader.start();
    }

    /** A client to be started. Every method returns the same setup. */
    public static final class Setup {
        private final Editor editor;
        private final List<String> arguments = new ArrayList<>();
        private final Map<String, String> environment = new HashMap<>();

        private Setup(Editor editor) {
            this.editor = editor;
        }

        private Setup with(String... more) {
            arguments.addAll(List.of(more));
            return this;
        }

        /** Of Hocuspocus; without it a provider has none. */
        public Setup token(String token) {
            return with("--token", token);
        }

        /** Parameters of the address. */
        public Setup params(Map<String, ?> params) {
            return with("--params", JSON.valueToTree(params).toString());
        }

        /** Further options of the provider, by its own names. */
        public Setup options(Map<String, ?> options) {
            return with("--options", JSON.valueToTree(options).toString());
        }

        public Setup clientId(long clientId) {
            return with("--client-id", Long.toString(clientId));
        }

        /** It connects only when it is told to. */
        public Setup offline() {
            return with("--no-connect");
        }

        /** It shows nobody that it is there. */
        public Setup withoutAwareness() {
            return with("--no-awareness");
        }

        /** It trusts the certificates in this file besides those that everybody trusts. */
        public Setup trusting(Path certificates) {
            environment.put("NODE_EXTRA_CA_CERTS", certificates.toString());
            return this;
        }

        /** Starts the process and does not wait for it: a command waits until it has started. */
        public StockClient start() throws IOException {
            Path folder = NodePackage.installed("editors");
            List<String> command = new ArrayList<>(List.of("node", "stock-client.mjs", "--client", editor.program()));
            command.addAll(arguments);
            Path errors = Files.createTempFile(Path.of("target"), editor.program() + "-", ".log");
            ProcessBuilder builder =
                    new ProcessBuilder(command).directory(folder.toFile()).redirectError(errors.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            return new StockClient(editor, process, editor.program() + " in process " + process.pid(), errors);
        }
    }

    /**
     * A client of a document.
     *
     * @param server address without the document; the client puts the name where its protocol wants it
     */
    public static Setup of(Editor editor, URI server, String document) {
        return new Setup(editor).with("--url", server.toString(), "--document", document);
    }

    private void readOutput() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode said = JSON.readTree(line);
                if (said.has("event")) {
                    events.add(said);
                } else {
                    answer(said.get("id").asInt()).complete(said);
                }
            }
        } catch (IOException broken) {
            // a process that is killed closes the stream under the reader
            events.add(JSON.createObjectNode().put("event", "output").put("text", broken.toString()));
        } finally {
            IOException ended = new IOException(name + " has ended");
            answers.values().forEach(answer -> answer.completeExceptionally(ended));
        }
    }

    private CompletableFuture<JsonNode> answer(int id) {
        return answers.computeIfAbsent(id, unasked -> new CompletableFuture<>());
    }

    /**
     * Performs a command.
     *
     * @param fields names and values in turn
     * @return what it answers
     * @throws AssertionError if the client refuses it, has ended, or does not answer
     */
    public JsonNode ask(String command, Object... fields) {
        return perform(command, DEADLINE_SECONDS, fields);
    }

    private JsonNode perform(String command, int seconds, Object... fields) {
        ObjectNode question = JSON.createObjectNode();
        question.put("id", ++asked);
        question.put("do", command);
        for (int i = 0; i < fields.length; i += 2) {
            question.set((String) fields[i], JSON.valueToTree(fields[i + 1]));
        }
        try {
            CompletableFuture<JsonNode> answer = answer(asked);
            commands.write(question.toString());
            commands.newLine();
            commands.flush();
            JsonNode said = answer.get(seconds, TimeUnit.SECONDS);
            answers.remove(asked);
            if (said.has("error")) {
                throw new AssertionError(
                        name + ", " + question + ": " + said.get("error").asText());
            }
            return said.get("ok");
        } catch (IOException | ExecutionException | TimeoutException failed) {
            throw new AssertionError(name + ", " + question + ": " + failed + "; it said: " + output(), failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(name + ", " + question, interrupted);
        }
    }

    /**
     * Waits until all of what is asked for holds.
     *
     * @param conditions names and values in turn: {@code "synced", true, "unsynced", 0}
     * @return its status at that moment
     * @throws AssertionError with its status and its last frames if that does not come
     */
    public JsonNode await(Object... conditions) {
        ObjectNode wanted = JSON.createObjectNode();
        for (int i = 0; i < conditions.length; i += 2) {
            wanted.set((String) conditions[i], JSON.valueToTree(conditions[i + 1]));
        }
        int seconds = DEADLINE_SECONDS + END_SECONDS;
        return perform("wait", seconds, "for", wanted, "timeout", TimeUnit.SECONDS.toMillis(DEADLINE_SECONDS));
    }

    /** Waits until it has what the server had. */
    public StockClient awaitSynced() {
        await("synced", true);
        return this;
    }

    /** Waits until the server has said that all it was sent is saved. */
    public void awaitSaved() {
        if (editor.speaksHocuspocus()) {
            // not "unsynced", 0: version 2 counts what it sends anew after a reconnect once, and is told of it twice
            await("hasUnsyncedChanges", false);
        } else {
            await("confirmed", true);
        }
    }

    public void insert(int index, String text) {
        ask("insert", "index", index, "text", text);
    }

    public void delete(int index, int length) {
        ask("delete", "index", index, "length", length);
    }

    public void set(String key, Object value) {
        ask("set", "key", key, "value", value);
    }

    public String text() {
        return ask("text").asText();
    }

    public JsonNode status() {
        return ask("status");
    }

    public long clientId() {
        return status().get("clientId").asLong();
    }

    /** How often it has sent or received frames of a type: {@code count("received", "SyncStatus")}. */
    public int count(String direction, String type) {
        return ask("counts").path(direction).path(type).asInt();
    }

    public void connect() {
        ask("connect");
    }

    /** Lets the provider close its connection. */
    public void disconnect() {
        ask("disconnect");
        await("connected", false);
    }

    /** What has happened by itself so far. */
    public List<JsonNode> events() {
        return List.copyOf(events);
    }

    /** What it wrote to standard error, and its last events. */
    public String output() {
        List<JsonNode> seen = events();
        try {
            return Files.readString(errors) + seen.subList(Math.max(0, seen.size() - 20), seen.size());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Ends it as a crash does: it tells the server nothing. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor(END_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        try {
            commands.close();
        } catch (IOException gone) {
            // it has ended before
        }
        if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
            kill();
        }
        Files.delete(errors);
    }
}
