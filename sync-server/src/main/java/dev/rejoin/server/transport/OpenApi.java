package dev.rejoin.server.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The description of the HTTP interface for programs, {@code openapi.json} beside this class (OpenAPI 3.1). */
final class OpenApi {
    private OpenApi() {}

    /** The file as it is. */
    static byte[] bytes() {
        try (InputStream in = OpenApi.class.getResourceAsStream("openapi.json")) {
            if (in == null) {
                throw new IllegalStateException("openapi.json is missing in this build");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
