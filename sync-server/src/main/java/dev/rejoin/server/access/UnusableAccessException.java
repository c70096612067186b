package dev.rejoin.server.access;

/** A setting of {@link JwtAccess} that cannot be used. The message says why in one line and quotes neither keys nor tokens. */
public final class UnusableAccessException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Setting setting;

    /** What cannot be used. */
    public enum Setting {
        /** The secret or the key set: its place or its content, for the algorithms allowed. */
        KEYS,
        /** The algorithms, for this kind of keys. */
        ALGORITHMS,
        /** The revocation list. */
        REVOCATIONS
    }

    UnusableAccessException(Setting setting, String message) {
        super(message);
        this.setting = setting;
    }

    /** What cannot be used. */
    public Setting setting() {
        return setting;
    }
}
