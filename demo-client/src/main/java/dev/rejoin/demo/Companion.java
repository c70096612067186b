package dev.rejoin.demo;

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
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A small Java program in the same document as the demo page: prints what others change, and changes it by commands.
 *
 * <p>{@code java -cp demo-client/target/rejoin-demo.jar dev.rejoin.demo.Companion [document] [address] [outbox file]}
 */
public final class Companion {
    private static final String HELP = """
            +N, -N         count likes          tag WORD       add a tag
            reset          reset the likes      untag WORD     remove a tag
            title WORDS    write the title      show           print the document
            offline        disconnect           online         connect again
            quit           leave""";

    private final SyncClient client;
    private final PrintStream out;

    private Companion(SyncClient client, PrintStream out) {
        this.client = client;
        this.out = out;
    }

    /** Joins the document and reads commands until the input ends. */
    public static void main(String[] args) throws IOException {
        String document = args.length > 0 ? args[0] : "notes/1";
        URI address = URI.create(args.length > 1 ? args[1] : "ws://127.0.0.1:8080/sync");
        SyncClient.Builder builder = SyncClient.builder().url(address).document(document);
        if (args.length > 2) {
            builder.outbox(Path.of(args[2]));
        }
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        try (SyncClient client = builder.build()) {
            new Companion(client, out).run(document, address);
        }
    }

    private void run(String document, URI address) throws IOException {
        out.println("Joining " + document + " at " + address + "\n\n" + HELP + "\n");
        client.onStatus(status -> out.println("  [" + status.connection().name().toLowerCase(java.util.Locale.ROOT)
                + ", " + status.sync().name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ') + "]"));
        client.onChange(this::print);
        client.onRejection(
                rejection -> out.println("  not accepted: " + rejection.message() + describe(rejection.mutations())));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
            try {
                obey(line.strip());
            } catch (NumberFormatException notANumber) {
                out.println("  not a number: " + line);
            }
        }
    }

    private void obey(String line) {
        int space = line.indexOf(' ');
        String command = space < 0 ? line : line.substring(0, space);
        String rest = space < 0 ? "" : line.substring(space + 1).strip();
        switch (command) {
            case "" -> {}
            case "tag" ->
                write(document -> document.set("tags", ValueCodec.STRING).add(rest));
            case "untag" ->
                write(document -> document.set("tags", ValueCodec.STRING).remove(rest));
            case "title" ->
                write(document -> document.register("title", ValueCodec.STRING).set(rest));
            case "reset" -> write(document -> document.counter("likes").reset());
            case "show" -> out.println("  " + client.read(Document::toMap));
            case "offline" -> client.goOffline();
            case "online" -> client.goOnline();
            default -> {
                if (command.startsWith("+") || command.startsWith("-")) {
                    long amount = Long.parseLong(command);
                    write(document -> document.counter("likes").add(amount));
                } else {
                    out.println(HELP);
                }
            }
        }
    }

    private void write(Consumer<Document> change) {
        WriteHandle write = client.write(change);
        write.durable().thenRun(() -> out.println("  saved on the server"));
    }

    private void print(CommitEvent event) {
        String who = event.kind() == CommitEvent.Kind.LOCAL ? "here" : "there";
        for (Change change : event.changes()) {
            String name = String.join("/", change.object().path());
            if (change instanceof Change.CounterChange counter) {
                out.println("  " + who + ": " + name + " " + counter.before() + " → " + counter.after());
            } else if (change instanceof Change.SetChange set) {
                out.println("  " + who + ": " + name + Map.of("added", set.added(), "removed", set.removed()));
            } else if (change instanceof Change.RegisterChange register) {
                out.println("  " + who + ": " + name + " = " + register.after());
            }
        }
    }

    private static String describe(java.util.List<Mutation> mutations) {
        StringBuilder text = new StringBuilder();
        for (Mutation mutation : mutations) {
            text.append(" (")
                    .append(mutation.op().label())
                    .append(' ')
                    .append(mutation.value())
                    .append(')');
        }
        return text.toString();
    }
}
