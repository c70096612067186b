package dev.rejoin.consistency.session;

/** What a guard has decided about a read. Whoever serves it handles all four; none is a stale answer that looks like a fresh one. */
public sealed interface ReadOutcome {
    /** How the view came to hold what the read asks for. */
    enum Path {
        /** It did already. */
        LOCAL("local"),
        /** It came by the ordinary way while the read waited. */
        WAITED("waited"),
        /** Some of it was fetched from another server while the read waited. */
        PULLED("pulled");

        private final String label;

        Path(String label) {
            this.label = label;
        }

        @Override
        public String toString() {
            return label;
        }
    }

    /**
     * The view may answer.
     *
     * @param path how it came to that
     * @param version what the answer shows: the token of the answer, see {@link SessionToken#ofRead}. For a snapshot the reader reads at it;
     *     for other levels the view may have gone on since, and an answer that shows more takes a token that says so
     * @param waitedMillis how long the read waited
     */
    record Served(Path path, PositionVector version, long waitedMillis) implements ReadOutcome {}

    /**
     * Another server holds what the read asks for.
     *
     * @param server its address, as {@link Origins#holder} gave it
     */
    record Redirected(String server, long waitedMillis) implements ReadOutcome {}

    /**
     * The view may answer, and the answer must say that it is stale.
     *
     * @param version what the answer shows
     * @param missing what the read asks for and the answer does not show
     * @param stalenessMillis how old the answer is at most, {@link Long#MAX_VALUE} if nobody can tell
     */
    record Stale(PositionVector version, PositionVector missing, long stalenessMillis, long waitedMillis)
            implements ReadOutcome {}

    /**
     * The read fails.
     *
     * @param missing what the view lacks, or what is lost
     * @param surviving of the origins that {@code missing} names, what is left; for {@link ReadFailure#SESSION_LOST_WRITES} only. Both are for
     *     {@link Session#giveUp}
     */
    record Failed(ReadFailure reason, PositionVector missing, PositionVector surviving, long waitedMillis)
            implements ReadOutcome {}

    /** How long the read waited, in milliseconds. */
    long waitedMillis();

    /** The text of the {@code Consistency-Outcome} header and of the label in metrics. */
    default String label() {
        if (this instanceof Served served) {
            return served.path().toString();
        }
        if (this instanceof Failed failed) {
            return failed.reason().label();
        }
        return this instanceof Redirected ? "redirected" : "stale";
    }
}
