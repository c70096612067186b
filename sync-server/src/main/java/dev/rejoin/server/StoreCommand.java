package dev.rejoin.server;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** A command about a store, found as the server finds its own: by the flag, the environment, or the file of settings. */
abstract class StoreCommand implements Command {
    static final String STANDARD_STREAM = "-";
    private static final String JSON = "--json";

    private final CommandSpec spec;

    StoreCommand(String name, String description) {
        spec = CommandSpec.create().name(name).mixinStandardHelpOptions(true);
        spec.usageMessage().description(description).sortOptions(false).width(100);
        spec.addOption(OptionSpec.builder(ServerConfig.DATA.flag())
                .paramLabel(ServerConfig.DATA.placeholder())
                .type(String.class)
                .description("Data directory of the store. Also REJOIN_DATA, or data in the file of settings.")
                .build());
        spec.addOption(OptionSpec.builder(ServerConfig.CONFIG.flag())
                .paramLabel(ServerConfig.CONFIG.placeholder())
                .type(String.class)
                .description("File with the settings of the server.")
                .build());
        flag(JSON, "Prints what came of it as JSON.");
    }

    @Override
    public final CommandSpec spec() {
        return spec;
    }

    final void flag(String name, String description) {
        spec.addOption(OptionSpec.builder(name)
                .type(boolean.class)
                .arity("0")
                .description(description)
                .build());
    }

    final void choice(String name, String label, String standard, String description) {
        spec.addOption(OptionSpec.builder(name)
                .paramLabel(label)
                .type(String.class)
                .defaultValue(standard)
                .description(description)
                .build());
    }

    final void operand(String label, String arity, String description) {
        spec.addPositional(PositionalParamSpec.builder()
                .paramLabel(label)
                .type(String.class)
                .arity(arity)
                .description(description)
                .build());
    }

    @Override
    public final int run(ParseResult line, Terminal terminal) throws IOException {
        return run(new Line(line, terminal), terminal);
    }

    abstract int run(Line line, Terminal terminal) throws IOException;

    /** What was given on the command line. */
    record Line(ParseResult parsed, Terminal terminal) {
        boolean has(String flag) {
            return parsed.hasMatchedOption(flag);
        }

        boolean json() {
            return has(JSON);
        }

        String value(String option) {
            return parsed.matchedOptionValue(
                    option, parsed.commandSpec().findOption(option).defaultValue());
        }

        Optional<String> operand() {
            return Optional.ofNullable(parsed.matchedPositionalValue(0, (String) null));
        }

        /** The data directory, if one is named anywhere. */
        Optional<Path> findData() {
            Map<String, String> flags = new LinkedHashMap<>();
            Map<String, String> variables = new LinkedHashMap<>();
            for (Option<?> option : new Option<?>[] {ServerConfig.DATA, ServerConfig.CONFIG}) {
                if (has(option.flag())) {
                    flags.put(option.name(), parsed.matchedOptionValue(option.flag(), ""));
                }
                String variable = terminal.environment().get(option.variable());
                if (variable != null) {
                    variables.put(option.variable(), variable);
                }
            }
            return ServerConfig.collect(flags, variables).get(ServerConfig.DATA);
        }

        Path data() {
            return findData()
                    .orElseThrow(() -> new BadOptionException(
                            "data: which store is not said; name its directory with --data DIR (or REJOIN_DATA)"));
        }
    }
}
