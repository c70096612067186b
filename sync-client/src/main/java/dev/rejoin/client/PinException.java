package dev.rejoin.client;

/** A pinned view cannot be had: {@code pin-expired} (it is too old, too much was written over it, or it was closed) or {@code too-many-pins}. */
public final class PinException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String code;

    PinException(String code, String message) {
        super(code + ": " + message);
        this.code = code;
    }

    /** Why. */
    public String code() {
        return code;
    }
}
