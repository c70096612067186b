package dev.rejoin.server.room;

import dev.rejoin.sync.wire.FailureCode;
import java.util.concurrent.CompletionException;
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

    /** What became of an operation on the log, as far as it can be told to a peer. */
    static DocumentUnavailableException of(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof DocumentUnavailableException known
                ? known
                : new DocumentUnavailableException(FailureCode.OVERLOADED, "the document cannot be loaded now", cause);
    }

    /** What a peer is told. */
    public FailureCode code() {
        return code;
    }
}
