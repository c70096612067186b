package dev.rejoin.crdt.clock;

/**
 * The one failure of reading bytes that nobody honest would have written: not well-formed, not canonical, or above a
 * limit. Thrown before any state has changed. The message names the offset.
 */
public final class MalformedDeltaException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    /** Where in the input the failure was found, in bytes from its start. */
    private final int offset;

    /** Creates a failure found at {@code offset} bytes from the start of the input. */
    public MalformedDeltaException(String what, int offset) {
        super(what + " (at byte " + offset + ")");
        this.offset = offset;
    }

    /** Returns where in the input the failure was found, in bytes from its start. */
    public int offset() {
        return offset;
    }
}
