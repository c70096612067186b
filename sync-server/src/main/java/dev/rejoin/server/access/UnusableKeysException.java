package dev.rejoin.server.access;

/** Keys or a revocation list that cannot be used; says why in one line, and never quotes them. */
final class UnusableKeysException extends Exception {
    private static final long serialVersionUID = 1;

    UnusableKeysException(String message) {
        super(message);
    }
}
