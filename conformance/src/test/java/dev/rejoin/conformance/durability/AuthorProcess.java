package dev.rejoin.conformance.durability;

import dev.rejoin.crdt.Delta;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * An {@link Author} in a process of its own, so that it can be killed and its outbox opened again. It says on its standard
 * output what it begins and what it is told; what it said before it died is not lost.
 */
final class AuthorProcess implements AutoCloseable {
    /* A line that the kill has cut off lacks this, and is passed over. */
    private static final String END = ".";

    private final Process process;
    private final Author.Report report;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final Thread reader;
    private volatile boolean hasBegun;

    /** Starts the author; it goes on where the outbox says. */
    static AuthorProcess start(
            URI server, String document, long seed, String author, Path outbox, Path log, Author.Report report)
            throws IOException {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                AuthorProcess.class.getName(),
                server.toString(),
                document,
                Long.toString(seed),
                author,
                outbox.toString());
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        return new AuthorProcess(process, author, report);
    }

    private AuthorProcess(Process process, String author, Author.Report report) {
        this.process = process;
        this.report = report;
        this.reader = new Thread(this::read, "output of " + author);
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.endsWith(END)) {
                    heard(line.substring(0, line.length() - END.length()).split(" ", 3));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void heard(String[] words) {
        switch (words[0]) {
            case "begun" -> {
                report.begun(Long.parseLong(words[1]));
                hasBegun = true;
            }
            case "durable" -> report.durable(Long.parseLong(words[1]));
            case "refused" -> report.refused(Long.parseLong(words[1]), words[2]);
            default -> answers.add(words[1]);
        }
    }

    private void say(String command) throws IOException {
        process.outputWriter().write(command + "\n");
        process.outputWriter().flush();
    }

    private String ask(String command) throws IOException, InterruptedException {
        say(command);
        String answer = answers.poll(60, TimeUnit.SECONDS);
        if (answer == null) {
            throw new IOException("the author's process does not answer " + command);
        }
        return answer;
    }

    void goOnline() throws IOException {
        say("online");
    }

    /** Whether this process has begun a step, and so goes on where the one before it was killed. */
    boolean hasBegun() {
        return hasBegun;
    }

    /** Writes no more. */
    void stop() throws IOException, InterruptedException {
        ask("stop");
    }

    boolean isSettled() throws IOException, InterruptedException {
        return Boolean.parseBoolean(ask("settled"));
    }

    Delta state() throws IOException, InterruptedException {
        return Delta.decode(Base64.getDecoder().decode(ask("state")));
    }

    /** Ends it with SIGKILL, and hears all that it had said. */
    void kill() throws InterruptedException {
        // through its handle, because Process.destroyForcibly also throws away what has not been read
        process.toHandle().destroyForcibly();
        process.waitFor();
        reader.join();
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }

    /** The process itself. */
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Author.Report report = new Author.Report() {
            @Override
            public void begun(long step) {
                line("begun " + step);
            }

            @Override
            public void durable(long step) {
                line("durable " + step);
            }

            @Override
            public void refused(long step, String why) {
                line("refused " + step + " " + why.replace('\n', ' '));
            }

            private void line(String text) {
                synchronized (out) {
                    out.println(text + END);
                }
            }
        };
        Script script = new Script(Long.parseLong(arguments[2]), arguments[3]);
        Optional<Path> outbox = Optional.of(Path.of(arguments[4]));
        try (Author author =
                new Author(URI.create(arguments[0]), arguments[1], script, outbox, false, report, new Random())) {
            BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String command = commands.readLine(); command != null; command = commands.readLine()) {
                switch (command) {
                    case "online" -> author.goOnline();
                    case "stop" -> author.stop();
                    default -> {}
                }
                synchronized (out) {
                    switch (command) {
                        case "stop" -> out.println("answer stopped" + END);
                        case "settled" -> out.println("answer " + author.isSettled() + END);
                        case "state" ->
                            out.println("answer "
                                    + Base64.getEncoder()
                                            .encodeToString(author.state().encode()) + END);
                        default -> {}
                    }
                }
            }
        }
    }
}
