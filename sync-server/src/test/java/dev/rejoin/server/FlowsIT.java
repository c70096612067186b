package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.consistency.flow.DefaultFlows;
import dev.rejoin.consistency.flow.FlowPolicies;
import dev.rejoin.sync.wire.FailureCode;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class FlowsIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path directory;

    private static Object served(ServerConfig config) throws Exception {
        try (SyncServer server =
                SyncServer.builder().config(config.with(ServerConfig.PORT, 0)).start()) {
            return JSON.readValue(
                    HttpClient.newHttpClient()
                            .send(
                                    HttpRequest.newBuilder(server.uri().resolve("/.well-known/rejoin/flows"))
                                            .build(),
                                    BodyHandlers.ofString())
                            .body(),
                    Object.class);
        }
    }

    private ServerConfig config(Object value) throws Exception {
        Path file = directory.resolve("flows.json");
        Files.write(file, JSON.writeValueAsBytes(value));
        return ServerConfig.DEFAULTS.with(ServerConfig.FLOWS, Optional.of(file));
    }

    @Test
    void theDefaultFlowsAreServedAsTheyAreRead() throws Exception {
        FlowPolicies read = FlowPolicies.fromValue(served(ServerConfig.DEFAULTS));
        assertEquals(DefaultFlows.policies().toValue(), read.toValue());
    }

    @Test
    void theFlowsOfAnApplicationAreServed() throws Exception {
        Map<String, Object> own = DefaultFlows.policies().toBuilder()
                .message("stock-empty", "Sold out.")
                .build()
                .toValue();
        assertEquals(own, FlowPolicies.fromValue(served(config(own))).toValue());
    }

    @Test
    void aFileThatForgetsACodeEndsTheStartAndSaysWhich() throws Exception {
        Map<String, Object> forgetful =
                FlowPolicies.builder().message("forbidden", "No.").build().toValue();
        BadOptionException refused = assertThrows(BadOptionException.class, () -> served(config(forgetful)));
        assertTrue(
                String.valueOf(refused.getMessage()).contains("code epoch-changed has no message"),
                refused.getMessage());
        assertThrows(BadOptionException.class, () -> served(config(Map.of("flows", 5))));
    }

    @Test
    void everyReasonForWhichASessionEndsHasAMessage() {
        for (FailureCode code : FailureCode.values()) {
            assertTrue(DefaultFlows.policies().messages().containsKey(code.label()), code.label());
        }
    }
}
