package dev.rejoin.server.transport;

/** The certificate or the key of a server cannot be used. The message says which file, and why; it quotes nothing of a key. */
public final class UnusableTlsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What is to be corrected. */
    public enum Setting {
        /** The chain of certificates. */
        CERTIFICATE,
        /** The private key. */
        KEY
    }

    private final Setting setting;

    UnusableTlsException(Setting setting, String message) {
        super(message);
        this.setting = setting;
    }

    /** What is to be corrected. */
    public Setting setting() {
        return setting;
    }
}
