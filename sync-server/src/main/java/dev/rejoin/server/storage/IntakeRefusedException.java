package dev.rejoin.server.storage;

/** Documents were not taken in; nothing has changed. The message is meant for whoever brought them. */
public final class IntakeRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Says why. */
    public IntakeRefusedException(String message) {
        super(message);
    }
}
