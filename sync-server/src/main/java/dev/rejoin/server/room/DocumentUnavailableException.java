package dev.rejoin.server.room;

import dev.rejoin.sync.wire.FailureCode;
import org.jspecify.annotations.Nullable;

/** A document cannot be served now. */
public final class DocumentUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final FailureCode code;

    /**
     * @param code what a peer is told
     * @param message the reason, safe to show to a peer
     */
    public DocumentUnavailableException(FailureCode code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /** What a peer is told. */
    public FailureCode code() {
        return code;
    }
}
