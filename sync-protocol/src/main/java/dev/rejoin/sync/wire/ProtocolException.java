package dev.rejoin.sync.wire;

/** The other side broke the protocol; the session it belongs to ends with {@link #code()}. */
public final class ProtocolException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final FailureCode code;

    public ProtocolException(FailureCode code, String message) {
        super(message);
        this.code = code;
    }

    public ProtocolException(FailureCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /** How the session is to be ended. */
    public FailureCode code() {
        return code;
    }
}
