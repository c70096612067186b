package dev.rejoin.consistency.session;

/** Why a read is not served. */
public enum ReadFailure {
    /** What the session has seen has not come here in time. */
    SESSION_NOT_SATISFIED("session-not-satisfied", true),
    /** What the session has seen is gone with the disk of a server. Tell the user; the client offers its pending writes again. */
    SESSION_LOST_WRITES("session-lost-writes", false),
    /** The document has been created anew or restored: the session speaks of another life of it. */
    EPOCH_CHANGED("epoch-changed", false),
    /** The view is older than the bound, or nobody can tell how old it is. */
    TOO_STALE("too-stale", true),
    /** Not all servers could be asked, as a strong read must. */
    ORIGINS_UNREACHABLE("origins-unreachable", true),
    /** As many reads wait as may. */
    OVERLOADED("overloaded", true);

    private final String label;
    private final boolean retryable;

    ReadFailure(String label, boolean retryable) {
        this.label = label;
        this.retryable = retryable;
    }

    /** The code on the wire. */
    public String label() {
        return label;
    }

    /** Whether the same read may succeed later. */
    public boolean isRetryable() {
        return retryable;
    }

    @Override
    public String toString() {
        return label;
    }
}
