package dev.rejoin.server.storage;

/** The database itself cannot read what it has stored: more than one document may be concerned. */
public final class DamagedPageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    DamagedPageException(String message, Throwable cause) {
        super(message, cause);
    }
}
