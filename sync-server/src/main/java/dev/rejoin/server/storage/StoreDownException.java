package dev.rejoin.server.storage;

import org.jspecify.annotations.Nullable;

/** The log has failed and is out of service: what was in flight has an unknown outcome, and nothing more is taken. */
public final class StoreDownException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public StoreDownException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
