package dev.rejoin.client;

/**
 * What was asked for does not show in time, or never will. Codes: {@code session-not-satisfied} (it has not come), {@code session-lost-writes} (it is
 * gone with the disk of a server), {@code epoch-changed} (it is of another life of the document), {@code too-stale}, {@code origins-unreachable}, {@code
 * overloaded} (as many wait as may), {@code timeout} (no server could be asked), {@code token-invalid}, and {@code closed} (the client is).
 */
public final class NotShownException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String code;

    NotShownException(String code) {
        super(code);
        this.code = code;
    }

    /** Why. */
    public String code() {
        return code;
    }
}
