package dev.rejoin.server;

import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.server.transport.Tls;
import dev.rejoin.server.transport.UnusableTlsException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;

/** What the settings say about TLS. Without any of them the server speaks none. */
final class TlsSettings {
    private TlsSettings() {}

    /**
     * The certificate that they name, if they do.
     *
     * @throws BadOptionException naming the setting that lacks the other, or whose file cannot be used
     */
    static Optional<Tls> open(ServerConfig config, TimeSource time, ScheduledExecutorService scheduler) {
        Optional<Path> certificate = config.get(ServerConfig.TLS_CERT);
        Optional<Path> key = config.get(ServerConfig.TLS_KEY);
        if (certificate.isEmpty() && key.isEmpty()) {
            return Optional.empty();
        }
        if (certificate.isEmpty()) {
            throw new BadOptionException(ServerConfig.TLS_KEY + ": means nothing without " + ServerConfig.TLS_CERT);
        }
        if (key.isEmpty()) {
            throw new BadOptionException(ServerConfig.TLS_CERT + ": means nothing without " + ServerConfig.TLS_KEY);
        }
        try {
            return Optional.of(Tls.open(certificate.get(), key.get(), time, scheduler));
        } catch (UnusableTlsException failure) {
            Option<?> option = switch (failure.setting()) {
                case CERTIFICATE -> ServerConfig.TLS_CERT;
                case KEY -> ServerConfig.TLS_KEY;
            };
            throw new BadOptionException(option + ": " + failure.getMessage());
        }
    }
}
