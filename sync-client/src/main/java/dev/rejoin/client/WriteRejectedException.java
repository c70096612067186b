package dev.rejoin.client;

/** A write was refused; {@link #rejection()} says why. */
public final class WriteRejectedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Rejection rejection;

    WriteRejectedException(Rejection rejection) {
        super(rejection.code() + (rejection.message().isEmpty() ? "" : ": " + rejection.message()));
        this.rejection = rejection;
    }

    /** Why, and what it meant to do. */
    public Rejection rejection() {
        return rejection;
    }
}
