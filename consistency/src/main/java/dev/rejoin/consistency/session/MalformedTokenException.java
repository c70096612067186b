package dev.rejoin.consistency.session;

/**
 * The one failure of reading a session token that this software has not written, or not for this reader. Code on the wire: {@link #CODE}. A
 * server answers it as an error: a token that cannot be read must not count as one that asks for nothing.
 */
public final class MalformedTokenException extends IllegalArgumentException {
    /** The code on the wire. */
    public static final String CODE = "token-invalid";

    private static final long serialVersionUID = 1;

    /** Creates a failure that says what is wrong. */
    public MalformedTokenException(String message) {
        super(message);
    }
}
