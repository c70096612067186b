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

/** What the settings say about flow policies. */
final class FlowSettings {
    private static final long MAX_FILE_BYTES = 1 << 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    private FlowSettings() {}

    /**
     * The policies as JSON.
     *
     * @throws BadOptionException if the file is none, or forgets something: a code of this server without a message, a pattern without what it needs
     */
    static byte[] json(ServerConfig config) {
        FlowPolicies policies =
                config.get(ServerConfig.FLOWS).map(FlowSettings::read).orElseGet(DefaultFlows::policies);
        try {
            return JSON.writeValueAsBytes(policies.toValue());
        } catch (IOException e) {
            throw new UncheckedIOException("maps, lists, strings and numbers are JSON", e);
        }
    }

    private static FlowPolicies read(Path file) {
        FlowPolicies policies;
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new IOException("larger than " + MAX_FILE_BYTES + " bytes");
            }
            policies = FlowPolicies.fromValue(JSON.readValue(file.toFile(), Object.class));
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
