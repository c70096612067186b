package dev.rejoin.server;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code rejoin serve}, and what the program does without the name of a command: the server. */
final class ServeCommand implements Command {
    private final CommandSpec spec;
    private final Consumer<SyncServer> serve;

    /**
     * Takes every setting as a flag.
     *
     * @param serve returns when the server has ended
     */
    ServeCommand(String name, Consumer<SyncServer> serve) {
        this.serve = serve;
        this.spec = CommandSpec.create().name(name).mixinStandardHelpOptions(true);
        spec.usageMessage()
                .description("Serves collaborative documents. Every option can also be given in the environment"
                        + " (REJOIN_PORT for --port) or in a file (port = 8080).")
                .sortOptions(false)
                .width(100);
        ServerConfig.OPTIONS.forEach(option -> spec.addOption(flag(option)));
        spec.addOption(flag(ServerConfig.CONFIG));
    }

    private static OptionSpec flag(Option<?> option) {
        String standard = option.standard().isEmpty() ? "" : " Default: " + option.standard() + ".";
        OptionSpec.Builder flag = OptionSpec.builder(option.flag())
                .paramLabel(option.placeholder())
                .type(String.class)
                .description(option.description() + standard);
        return option.isSwitch() ? flag.arity("0..1").fallbackValue("true").build() : flag.build();
    }

    @Override
    public CommandSpec spec() {
        return spec;
    }

    @Override
    public int run(ParseResult line, Terminal terminal) throws IOException {
        ServerConfig config = ServerConfig.collect(flags(line), terminal.environment());
        try (SyncServer server = SyncServer.builder().config(config).start()) {
            terminal.out().print(Main.summary(server));
            terminal.out().flush();
            serve.accept(server);
        }
        return Main.OK;
    }

    private static Map<String, String> flags(ParseResult parsed) {
        Map<String, String> flags = new LinkedHashMap<>();
        for (OptionSpec matched : parsed.matchedOptions()) {
            String value = matched.getValue();
            flags.put(matched.longestName().substring(2), value);
        }
        return flags;
    }
}
