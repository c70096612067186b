package dev.rejoin.consistency.postgres;

/** A text that is no {@link LsnToken}; the message does not repeat it, since it came from outside. */
public final class MalformedLsnTokenException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    MalformedLsnTokenException(String message) {
        super(message);
    }
}
