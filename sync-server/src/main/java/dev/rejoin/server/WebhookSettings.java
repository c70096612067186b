package dev.rejoin.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.server.webhook.WebhookEvent;
import dev.rejoin.server.webhook.WebhookObserver;
import dev.rejoin.server.webhook.WebhookSecrets;
import dev.rejoin.server.webhook.Webhooks;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.random.RandomGenerator;

/** What the settings say about webhooks. Receivers are named by the operator only, so any address is allowed, private ones too. */
final class WebhookSettings {
    private static final long MAX_SECRET_FILE_BYTES = 64 << 10;

    private WebhookSettings() {}

    /** Made with the first event, for it takes a tenth of the time in which a server starts. */
    private static final class Json {
        private static final ObjectMapper MAPPER = new ObjectMapper();
    }

    /**
     * The webhooks that they describe, if they do.
     *
     * @throws BadOptionException if one setting lacks the other, or there is no usable secret in the file
     */
    static Optional<Webhooks> open(
            ServerConfig config,
            ScheduledExecutorService scheduler,
            TimeSource time,
            RandomGenerator random,
            WebhookObserver observer) {
        List<URI> urls = config.get(ServerConfig.WEBHOOK_URL);
        Optional<Path> secret = config.get(ServerConfig.WEBHOOK_SECRET_FILE);
        if (urls.isEmpty() && secret.isEmpty()) {
            return Optional.empty();
        }
        if (urls.isEmpty()) {
            throw new BadOptionException(
                    ServerConfig.WEBHOOK_SECRET_FILE + ": means nothing without " + ServerConfig.WEBHOOK_URL);
        }
        if (secret.isEmpty()) {
            throw new BadOptionException(ServerConfig.WEBHOOK_URL + ": deliveries are signed, so "
                    + ServerConfig.WEBHOOK_SECRET_FILE + " is needed");
        }
        return Optional.of(new Webhooks(
                urls,
                secrets(secret.get()),
                config.get(ServerConfig.WEBHOOK_DELAY).toMillis(),
                WebhookSettings::body,
                scheduler,
                time,
                random,
                observer));
    }

    private static WebhookSecrets secrets(Path file) {
        try {
            if (Files.size(file) > MAX_SECRET_FILE_BYTES) {
                throw new IOException("larger than " + MAX_SECRET_FILE_BYTES + " bytes");
            }
            return WebhookSecrets.parse(Files.readString(file));
        } catch (IOException | IllegalArgumentException failure) {
            throw new BadOptionException(ServerConfig.WEBHOOK_SECRET_FILE + ": " + file + " cannot be used: "
                    + (failure instanceof IOException ? failure.toString() : failure.getMessage()));
        }
    }

    private static byte[] body(WebhookEvent event, long millis) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("document", event.document());
        data.put("epoch", hex(event.epoch()));
        data.put(
                "position",
                Map.of(
                        "incarnation", hex(event.position().incarnation()),
                        "sequence", event.position().sequence()));
        data.put("commits", event.commits());
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("type", event.type());
        body.put("timestamp", Instant.ofEpochMilli(millis).toString());
        body.put("data", data);
        try {
            return Json.MAPPER.writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("strings and numbers are JSON", e);
        }
    }

    private static String hex(long bits) {
        return String.format("%016x", bits);
    }
}
