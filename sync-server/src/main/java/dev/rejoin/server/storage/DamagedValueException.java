package dev.rejoin.server.storage;

/** A stored value is not what was written at its place. */
final class DamagedValueException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String failure;

    DamagedValueException(String failure) {
        super(failure);
        this.failure = failure;
    }

    String failure() {
        return failure;
    }
}
