package dev.rejoin.server;

/** A setting that cannot be used. The message is one line: which, what was found where, and what would do. */
public final class BadOptionException extends RuntimeException {
    private static final long serialVersionUID = 1;

    BadOptionException(String message) {
        super(message);
    }
}
