package dev.rejoin.crdt.yjs;

/** JavaScript's {@code undefined}, which Yjs content may hold beside {@code null}. */
public enum Undefined {
    /** The only value. */
    UNDEFINED;

    @Override
    public String toString() {
        return "undefined";
    }
}
