package dev.rejoin.server;

import dev.rejoin.server.storage.Durability;
import dev.rejoin.server.storage.StoreDownException;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The server as a program. Exit codes are listed in {@code docs/operating/configuration.md}. */
public final class Main {
    static final int OK = 0;
    static final int CANNOT_START = 1;
    static final int BAD_OPTION = 2;

    private static final int LABEL_WIDTH = 12;

    private Main() {}

    /** Runs until the process is told to end. */
    public static void main(String[] arguments) {
        prepareLogging();
        int code = run(arguments, System.getenv(), System.out, System.err, Main::awaitSignal);
        if (code != OK) {
            System.exit(code);
        }
    }

    /**
     * Starts the server and hands it over.
     *
     * @param serve returns when the server has ended
     * @return the exit code
     */
    static int run(
            String[] arguments,
            Map<String, String> environment,
            PrintStream out,
            PrintStream err,
            Consumer<SyncServer> serve) {
        CommandLine commandLine = new CommandLine(spec());
        ServerConfig config;
        try {
            ParseResult parsed = commandLine.parseArgs(arguments);
            if (parsed.isUsageHelpRequested()) {
                commandLine.usage(out);
                return OK;
            }
            if (parsed.isVersionHelpRequested()) {
                out.println("Rejoin " + version());
                return OK;
            }
            config = ServerConfig.collect(flags(parsed), environment);
        } catch (ParameterException failure) {
            err.println(failure.getMessage() + "; --help lists what there is");
            return BAD_OPTION;
        } catch (BadOptionException failure) {
            err.println(failure.getMessage());
            return BAD_OPTION;
        }
        SyncServer server;
        try {
            server = SyncServer.builder().config(config).start();
        } catch (BadOptionException | BindException failure) {
            err.println(failure.getMessage());
            return BAD_OPTION;
        } catch (IOException | StoreDownException failure) {
            err.println(failure.getMessage());
            return CANNOT_START;
        }
        try (server) {
            out.print(summary(server));
            out.flush();
            serve.accept(server);
        }
        return OK;
    }

    private static CommandSpec spec() {
        CommandSpec spec = CommandSpec.create().name("rejoin-server").mixinStandardHelpOptions(true);
        spec.usageMessage()
                .description("Serves collaborative documents. Every option can also be given in the environment"
                        + " (REJOIN_PORT for --port) or in a file (port = 8080).")
                .sortOptions(false)
                .width(100);
        ServerConfig.OPTIONS.forEach(option -> spec.addOption(flag(option)));
        spec.addOption(flag(ServerConfig.CONFIG));
        return spec;
    }

    private static OptionSpec flag(Option<?> option) {
        String standard = option.standard().isEmpty() ? "" : " Default: " + option.standard() + ".";
        OptionSpec.Builder flag = OptionSpec.builder(option.flag())
                .paramLabel(option.placeholder())
                .type(String.class)
                .description(option.description() + standard);
        return option.isSwitch() ? flag.arity("0..1").fallbackValue("true").build() : flag.build();
    }

    private static Map<String, String> flags(ParseResult parsed) {
        Map<String, String> flags = new LinkedHashMap<>();
        for (OptionSpec matched : parsed.matchedOptions()) {
            String value = matched.getValue();
            flags.put(matched.longestName().substring(2), value);
        }
        return flags;
    }

    /** What an operator wants to see at one glance. */
    static String summary(SyncServer server) {
        ServerConfig config = server.config();
        StringBuilder text = new StringBuilder("Rejoin " + version() + "\n\n");
        line(text, "address", server.uri().toString());
        line(text, "sync", server.syncUri().toString());
        String editors = server.syncUri().resolve("/").toString();
        line(text, "editors", editors + "yjs (y-websocket), " + editors + "hocuspocus (Hocuspocus)");
        line(text, "data", server.storage());
        line(
                text,
                "durability",
                server.durability() == Durability.DISK
                        ? "an ack means: on disk"
                        : "NONE: every document is lost when this process ends; --data DIR keeps them");
        line(text, "access", new AccessSettings(config).summary());
        line(text, "web", config.get(ServerConfig.WEB).map(Path::toString).orElse("none"));
        line(
                text,
                "limits",
                Quantity.countText(config.get(ServerConfig.MAX_CONNECTIONS)) + " connections, "
                        + Quantity.countText(config.get(ServerConfig.MAX_CONNECTIONS_PER_ADDRESS))
                        + " per address; frames "
                        + Quantity.sizeText(config.get(ServerConfig.MAX_FRAME)) + "; documents "
                        + Quantity.sizeText(config.get(ServerConfig.MAX_DOCUMENT)));
        line(
                text,
                "memory",
                "documents leave after " + Quantity.durationText(config.get(ServerConfig.IDLE_UNLOAD))
                        + " without visitors");
        return text.append('\n').toString();
    }

    private static void line(StringBuilder text, String label, String value) {
        text.append("  ")
                .append(label)
                .append(" ".repeat(LABEL_WIDTH - label.length()))
                .append(value)
                .append('\n');
    }

    private static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "(development)" : version;
    }

    private static void awaitSignal(SyncServer server) {
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            server.close();
                            ended.countDown();
                        },
                        "rejoin-shutdown"));
        try {
            ended.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Settings of the logger that comes with the runnable jar; whoever sets them elsewhere is left alone. */
    private static void prepareLogging() {
        Map.of(
                        "org.slf4j.simpleLogger.showDateTime", "true",
                        "org.slf4j.simpleLogger.dateTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
                        "org.slf4j.simpleLogger.showThreadName", "false",
                        "org.slf4j.simpleLogger.showShortLogName", "true")
                .forEach((name, value) -> System.getProperties().putIfAbsent(name, value));
    }
}
