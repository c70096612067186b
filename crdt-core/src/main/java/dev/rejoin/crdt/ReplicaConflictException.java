package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;

/**
 * Two parties have issued events under one replica id: the same dot names different content. Nothing was changed. The
 * newcomer has to take a new replica id.
 */
public final class ReplicaConflictException extends IllegalStateException {

    private static final long serialVersionUID = 1;

    private final transient Dot dot;

    /** Creates a failure about {@code dot}. */
    public ReplicaConflictException(String message, Dot dot) {
        super(message + ": " + dot);
        this.dot = dot;
    }

    /** Returns the dot that names different content. */
    public Dot dot() {
        return dot;
    }
}
