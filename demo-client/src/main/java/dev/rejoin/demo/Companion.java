package dev.rejoin.demo;

import dev.rejoin.client.ClientStatus;
import dev.rejoin.client.ConnectionStatus;
import dev.rejoin.client.Rejection;
import dev.rejoin.client.SyncClient;
import dev.rejoin.client.WriteHandle;
import dev.rejoin.crdt.Change;
import dev.rejoin.crdt.CommitEvent;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A small Java program in the same document as the demo page: prints what others change, and changes it by commands.
 *
 * <p>{@code java -cp demo-client/target/rejoin-demo.jar dev.rejoin.demo.Companion [document] [address] [outbox file]}
 */
public final class Companion {
    private static final String USAGE = """
            usage: java -cp rejoin-demo.jar dev.rejoin.demo.Companion [document] [address] [outbox file]

              document      what to join. Default: notes/1
              address       the server's. Default: ws://127.0.0.1:8080/sync
              outbox file   keeps what is not sent yet until the next start. Default: none""";
    private static final String COMMANDS = """
            +N  -N         count likes           tag WORD      add a tag
            reset          reset the likes       untag WORD    remove a tag
            title WORDS    write the title       show          print the document
            offline        disconnect            online        connect again
            quit           leave
            """.indent(2);
    private static final int CANNOT_START = 1;
    private static final int BAD_USAGE = 2;
    private static final long LAST_CALL_SECONDS = 5;

    private final SyncClient client;
    private final PrintStream out;
    private volatile boolean isOffline;
    private String shownStatus = "";
    private List<String> shownPeople = List.of();

    private Companion(SyncClient client, PrintStream out) {
        this.client = client;
        this.out = out;
    }

    /** Joins the document and reads commands until the input ends. */
    public static void main(String[] args) throws IOException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        if (List.of(args).contains("--help")) {
            out.println(USAGE);
            return;
        }
        String document = args.length > 0 ? args[0] : "notes/1";
        String address = args.length > 1 ? args[1] : "ws://127.0.0.1:8080/sync";
        String mistake = "";
        if (args.length > 3) {
            mistake = "too many arguments";
        } else if (document.startsWith("-")) {
            mistake = "there is no option " + document;
        } else if (!address.matches("wss?://[^/\\s]+/\\S*")) {
            mistake = "an address begins with ws:// or wss:// and ends with /sync: " + address;
        }
        if (!mistake.isEmpty()) {
            System.err.println(mistake + "\n\n" + USAGE);
            System.exit(BAD_USAGE);
        }
        try (SyncClient client = join(document, URI.create(address), args.length > 2 ? args[2] : "")) {
            out.println("Joining " + document + " at " + address + "\n\n" + COMMANDS);
            Companion companion = new Companion(client, out);
            companion.listen();
            companion.obeyAll();
            companion.leave(args.length > 2 ? args[2] : "");
        }
    }

    private static SyncClient join(String document, URI address, String outbox) {
        try {
            SyncClient.Builder builder = SyncClient.builder().url(address).document(document);
            if (!outbox.isEmpty()) {
                builder.outbox(Path.of(outbox));
            }
            return builder.build();
        } catch (IllegalArgumentException mistake) {
            System.err.println(mistake.getMessage() + "\n\n" + USAGE);
            System.exit(BAD_USAGE);
            throw mistake;
        } catch (UncheckedIOException failure) {
            System.err.println("the outbox file cannot be used: " + failure.getMessage());
            System.exit(CANNOT_START);
            throw failure;
        }
    }

    private void listen() {
        client.presence(Map.of("name", "Java companion", "colour", "#4e5a60"));
        client.onStatus(this::show);
        client.onChange(this::show);
        client.onRejection(this::show);
        client.onPresence(this::show);
        show(client.status());
    }

    private void obeyAll() throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null && !line.strip().equals("quit"); line = in.readLine()) {
            obey(line.strip());
        }
    }

    private void obey(String line) {
        int space = line.indexOf(' ');
        String command = space < 0 ? line : line.substring(0, space);
        String rest = space < 0 ? "" : line.substring(space + 1).strip();
        switch (command) {
            case "" -> {}
            case "tag", "untag" -> {
                if (rest.isEmpty()) {
                    out.println("  which tag?");
                } else if (command.equals("tag")) {
                    write(document -> document.set("tags", ValueCodec.STRING).add(rest));
                } else {
                    write(document -> document.set("tags", ValueCodec.STRING).remove(rest));
                }
            }
            case "title" ->
                write(document -> document.register("title", ValueCodec.STRING).set(rest));
            case "reset" -> write(document -> document.counter("likes").reset());
            case "show" -> out.println("  " + client.read(Document::toMap));
            case "offline" -> {
                isOffline = true;
                client.goOffline();
            }
            case "online" -> {
                isOffline = false;
                client.goOnline();
            }
            default -> {
                if (line.matches("[+-]\\d{1,18}")) {
                    long amount = Long.parseLong(line);
                    write(document -> document.counter("likes").add(amount));
                } else {
                    out.println("  no such command: " + line + "\n\n" + COMMANDS);
                }
            }
        }
    }

    private void write(Consumer<Document> change) {
        client.write(change)
                .durable()
                .thenRun(() -> out.println("  saved on the server"))
                // a refusal is told by show(Rejection)
                .exceptionally(refusal -> null);
    }

    /** Gives what is still pending a last chance, and says what becomes of the rest. */
    private void leave(String outbox) {
        boolean isHopeless = isOffline || client.connection() == ConnectionStatus.ERROR;
        try {
            CompletableFuture.allOf(client.pending().stream()
                            .map(WriteHandle::durable)
                            .map(durable -> durable.exceptionally(refusal -> null))
                            .toArray(CompletableFuture<?>[]::new))
                    .get(isHopeless ? 0 : LAST_CALL_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            String fate = outbox.isEmpty() ? "lost, as no outbox file was given" : "kept in " + outbox;
            out.println("  not sent: " + client.pending().size() + ", " + fate);
        } catch (ExecutionException impossible) {
            throw new AssertionError(impossible);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void show(ClientStatus status) {
        String connection = switch (status.connection()) {
            case CONNECTING, DISCONNECTED ->
                isOffline ? "offline" : status.code().isEmpty() ? "connecting" : "no connection, trying again";
            case CONNECTED -> "connected";
            case ERROR -> "disconnected: " + status.code();
            case CLOSED -> "";
        };
        boolean isWaiting = status.pending() > 0 && status.connection() != ConnectionStatus.CONNECTED;
        String text = connection + (isWaiting ? ", " + status.pending() + " to be sent" : "");
        if (!connection.isEmpty() && !text.equals(shownStatus)) {
            out.println("  [" + text + "]");
        }
        shownStatus = text;
    }

    private synchronized void show(Map<Long, Object> presences) {
        List<String> people = presences.values().stream()
                .map(value -> value instanceof Map<?, ?> person && person.get("name") instanceof String name
                        ? name
                        : "somebody")
                .sorted()
                .collect(Collectors.toCollection(ArrayList::new));
        if (!people.equals(shownPeople)) {
            out.println(people.isEmpty() ? "  nobody else is here" : "  here: " + String.join(", ", people));
        }
        shownPeople = people;
    }

    private void show(Rejection rejection) {
        StringBuilder text = new StringBuilder("  not accepted: ").append(rejection.message());
        for (Mutation mutation : rejection.mutations()) {
            text.append(" (")
                    .append(String.join("/", mutation.path()))
                    .append(' ')
                    .append(mutation.op().label())
                    .append(' ')
                    .append(mutation.value())
                    .append(')');
        }
        out.println(text);
    }

    private void show(CommitEvent event) {
        String who = event.kind() == CommitEvent.Kind.LOCAL ? "  you: " : "  there: ";
        for (Change change : event.changes()) {
            String name = String.join("/", change.object().path());
            if (change instanceof Change.CounterChange counter) {
                out.println(who + name + " " + counter.before() + " → " + counter.after());
            } else if (change instanceof Change.SetChange set) {
                set.added().forEach(element -> out.println(who + name + " + " + element));
                set.removed().forEach(element -> out.println(who + name + " − " + element));
            } else if (change instanceof Change.RegisterChange register) {
                out.println(who + name + " = "
                        + register.after().stream().map(String::valueOf).collect(Collectors.joining(" | ")));
            }
        }
    }
}
