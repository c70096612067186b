package dev.rejoin.crdt.yjs;

/**
 * An update says of units that the document holds something else than what it holds: two replicas have edited under one client id.
 * Whoever holds the other history can never be brought together with this document. Thrown before any state has changed, by documents
 * that are {@linkplain YDocOptions#withContradictionsRefused asked} to look.
 */
public final class ContradictoryUpdateException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final long client;
    private final long clock;

    /** The client id, and the clock of the first unit of which two different things are said, or of the row of units with it. */
    public ContradictoryUpdateException(long client, long clock) {
        super("client " + client + " has written two different things at clock " + clock);
        this.client = client;
        this.clock = clock;
    }

    /** The client id that two have used. */
    public long client() {
        return client;
    }

    /** A clock at or shortly before which their histories part. */
    public long clock() {
        return clock;
    }
}
