package dev.rejoin.server;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.consistency.flow.DefaultFlows;
import dev.rejoin.consistency.flow.FlowPolicies;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/** What the settings say about flow policies. */
final class FlowSettings {
    private static final long MAX_FILE_BYTES = 1 << 20;

    private FlowSettings() {}

    /** Made with the first page that somebody asks for, or a file: it takes a tenth of the time in which a server starts. */
    private static final class Json {
        private static final ObjectMapper MAPPER = new ObjectMapper();
    }

    /**
     * Writes the policies as JSON when they are asked for.
     *
     * @throws BadOptionException if the file is none, or forgets something: a code of this server without a message, a pattern without what it needs
     */
    static Supplier<byte[]> json(ServerConfig config) {
        FlowPolicies policies =
                config.get(ServerConfig.FLOWS).map(FlowSettings::read).orElseGet(DefaultFlows::policies);
        return () -> {
            try {
                return Json.MAPPER.writeValueAsBytes(policies.toValue());
            } catch (IOException e) {
                throw new UncheckedIOException("maps, lists, strings and numbers are JSON", e);
            }
        };
    }

    private static FlowPolicies read(Path file) {
        FlowPolicies policies;
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new IOException("larger than " + MAX_FILE_BYTES + " bytes");
            }
            policies = FlowPolicies.fromValue(Json.MAPPER.readValue(file.toFile(), Object.class));
        } catch (IOException | IllegalArgumentException failure) {
            throw new BadOptionException(ServerConfig.FLOWS + ": " + file + " cannot be used: " + failure.getMessage());
        }
        Set<String> codes = new TreeSet<>(DefaultFlows.policies().messages().keySet());
        codes.addAll(policies.messages().keySet());
        // which writes there are, only the application knows
        Set<String> mutators = new TreeSet<>();
        policies.flows().forEach(flow -> mutators.addAll(flow.mutators()));
        List<String> faults = policies.faults(mutators, codes);
        if (!faults.isEmpty()) {
            throw new BadOptionException(ServerConfig.FLOWS + ": " + file + ": " + String.join("; ", faults));
        }
        return policies;
    }
}
