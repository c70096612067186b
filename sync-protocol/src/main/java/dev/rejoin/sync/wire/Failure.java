package dev.rejoin.sync.wire;

/**
 * The server ends the session; the WebSocket close code carries the same meaning.
 *
 * @param code one of {@link FailureCode}, or one that this side does not know
 * @param message for people, cut to {@value Rejection#MESSAGE_CHARS} characters
 * @param retryable whether connecting again by itself makes sense
 */
public record Failure(String code, String message, boolean retryable) implements ServerMessage {
    public Failure {
        Rejection.requireCode(code);
        message = Rejection.cut(message);
    }

    /** The failure of a known code. */
    public static Failure of(FailureCode code, String message) {
        return new Failure(code.label(), message, code.isRetryable());
    }
}
