package dev.rejoin.server;

import dev.rejoin.server.storage.CorruptDocumentException;
import dev.rejoin.server.storage.DamagedPageException;
import dev.rejoin.server.storage.Durability;
import dev.rejoin.server.storage.IntakeRefusedException;
import dev.rejoin.server.storage.MalformedArchiveException;
import dev.rejoin.server.storage.StoreDownException;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The server and the commands around its store, as a program. Exit codes are listed in {@code docs/operating/configuration.md}. */
public final class Main {
    static final int OK = 0;
    static final int CANNOT_START = 1;
    static final int BAD_OPTION = 2;
    static final int DAMAGED = 3;

    private static final String PROGRAM = "rejoin";
    private static final int LABEL_WIDTH = 12;

    private Main() {}

    /** Runs until the command is done; serving is done when the process is told to end. */
    public static void main(String[] arguments) {
        prepareLibraries();
        System.exit(run(arguments, Terminal.ofProcess(), Main::awaitSignal));
    }

    /**
     * Runs one command; without the name of one, the server.
     *
     * @param serve returns when the server has ended
     * @return the exit code
     */
    static int run(String[] arguments, Terminal terminal, Consumer<SyncServer> serve) {
        Map<String, Command> commands = new LinkedHashMap<>();
        CommandLine program = program(serve, commands);
        PrintStream err = terminal.err();
        try {
            ParseResult parsed = program.parseArgs(arguments);
            ParseResult line = parsed.hasSubcommand() ? parsed.subcommand() : parsed;
            String name = line.commandSpec().name();
            if (line != parsed && !parsed.matchedOptions().isEmpty()) {
                throw new BadOptionException("options belong behind the command: " + PROGRAM + " " + name + " "
                        + parsed.matchedOptions().get(0).longestName() + " …");
            }
            if (line.isUsageHelpRequested()) {
                line.commandSpec().commandLine().usage(terminal.out());
                return OK;
            }
            if (line.isVersionHelpRequested()) {
                terminal.out().println("Rejoin " + version());
                return OK;
            }
            return Objects.requireNonNull(commands.get(name)).run(line, terminal);
        } catch (ParameterException failure) {
            err.println(failure.getMessage() + "; --help lists what there is");
            return BAD_OPTION;
        } catch (BadOptionException | BindException failure) {
            err.println(failure.getMessage());
            return BAD_OPTION;
        } catch (StoreTransfer.DamagedStoreException failure) {
            err.println(failure.getMessage() + "; --salvage takes what is whole");
            return DAMAGED;
        } catch (MalformedArchiveException | MalformedDocumentException failure) {
            err.println(failure.getMessage());
            return DAMAGED;
        } catch (CorruptDocumentException | DamagedPageException failure) {
            err.println(failure.getMessage());
            return DAMAGED;
        } catch (NoSuchFileException failure) {
            err.println("there is no file " + failure.getMessage());
            return CANNOT_START;
        } catch (IOException | StoreDownException | IntakeRefusedException failure) {
            err.println(failure.getMessage());
            return CANNOT_START;
        }
    }

    private static CommandLine program(Consumer<SyncServer> serve, Map<String, Command> commands) {
        ServeCommand standard = new ServeCommand(PROGRAM, serve);
        CommandSpec program = standard.spec();
        commands.put(PROGRAM, standard);
        for (Command command : List.of(
                new ServeCommand("serve", serve),
                new ExportCommand(),
                new ImportCommand(),
                new InspectCommand(),
                new VerifyCommand(),
                new CompactCommand(),
                new BackupCommand(),
                new RestoreCommand(),
                new RehearseCommand())) {
            commands.put(command.spec().name(), command);
            program.addSubcommand(command.spec().name(), new CommandLine(command.spec()));
        }
        program.usageMessage().footer("", "Without a command it serves. " + PROGRAM + " COMMAND --help tells more.");
        return new CommandLine(program);
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

    /** The first signal lets the clients go one after the other, a second one closes what is left at once. */
    private static void awaitSignal(SyncServer server) {
        CountDownLatch asked = new CountDownLatch(1);
        EndSignals.handle(() -> {
            if (asked.getCount() == 0) {
                server.close();
            } else {
                asked.countDown();
            }
        });
        try {
            asked.await();
            server.drain();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Settings of the logger that comes with the runnable jar, and of Netty, whose events for flight recordings would be set up with
     * each start, and whose search for lost buffers takes a stack trace for one in 128 (the tests search all); whoever sets them
     * elsewhere is left alone.
     */
    private static void prepareLibraries() {
        Map.of(
                        "io.netty.jfr.enabled", "false",
                        "io.netty.leakDetection.level", "disabled",
                        "org.slf4j.simpleLogger.showDateTime", "true",
                        "org.slf4j.simpleLogger.dateTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
                        "org.slf4j.simpleLogger.showThreadName", "false",
                        "org.slf4j.simpleLogger.showShortLogName", "true")
                .forEach((name, value) -> System.getProperties().putIfAbsent(name, value));
    }
}
