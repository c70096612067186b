package dev.rejoin.server;

import dev.rejoin.consistency.session.TokenSeal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** What the settings say about session tokens. */
final class SessionSettings {
    private static final long MAX_KEY_FILE_BYTES = 64 << 10;

    /** All servers that have the same keys are one cluster. */
    private static final String AUDIENCE = "rejoin";

    private SessionSettings() {}

    /**
     * What seals tokens, if they say so.
     *
     * @throws BadOptionException if there is no usable key in the file
     */
    static Optional<TokenSeal> seal(ServerConfig config) {
        return config.get(ServerConfig.SESSION_KEY_FILE).map(SessionSettings::seal);
    }

    private static TokenSeal seal(Path file) {
        try {
            if (Files.size(file) > MAX_KEY_FILE_BYTES) {
                throw new IOException("larger than " + MAX_KEY_FILE_BYTES + " bytes");
            }
            List<byte[]> keys = Files.readString(file)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .map(Base64.getDecoder()::decode)
                    .toList();
            return new TokenSeal(AUDIENCE, keys);
        } catch (IOException | IllegalArgumentException failure) {
            throw new BadOptionException(ServerConfig.SESSION_KEY_FILE + ": " + file + " cannot be used: "
                    + (failure instanceof IOException ? failure.toString() : failure.getMessage()));
        }
    }
}
