package dev.rejoin.sync.dialect;

/** Bytes that are not a message of the dialect they came in by. */
public final class MalformedFrameException extends RuntimeException {
    private static final long serialVersionUID = 1;

    MalformedFrameException(String message) {
        super(message);
    }
}
