package dev.rejoin.client.outbox;

import java.io.IOException;
import java.nio.file.Path;

/** Another client has this outbox open; two clients must not share one, they would use the same dots. */
public final class OutboxInUseException extends IOException {
    private static final long serialVersionUID = 1L;

    public OutboxInUseException(Path file) {
        super("outbox " + file + " is in use by another client; give each client a file of its own");
    }
}
