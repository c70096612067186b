package dev.rejoin.crdt.yjs;

/**
 * The one failure of reading Yjs bytes that nobody honest would have written: cut off, not well-formed, self-contradictory, in
 * contradiction to what is known under the same ids, or above a limit. Thrown before any state has changed. The message names
 * the offset where there is one.
 */
public final class MalformedUpdateException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    /** Where in the input the failure was found, in bytes from its start. */
    private final int offset;

    /** Creates a failure found at {@code offset} bytes from the start of the input. */
    public MalformedUpdateException(String what, int offset) {
        super(what + " (at byte " + offset + ")");
        this.offset = offset;
    }

    /** Creates a failure of an update as a whole. */
    MalformedUpdateException(String what) {
        super(what);
        this.offset = 0;
    }

    /** Returns where in the input the failure was found, in bytes from its start; 0 for the whole. */
    public int offset() {
        return offset;
    }
}
