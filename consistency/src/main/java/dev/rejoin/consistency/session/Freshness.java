package dev.rejoin.consistency.session;

/** How old a view is, whoever can tell: heartbeats of the origins ({@code Lag}), or the clock of a database. */
@FunctionalInterface
public interface Freshness {
    /** Nobody can tell; no bound of staleness is ever met. */
    Freshness UNKNOWN = () -> Long.MAX_VALUE;

    /**
     * An upper bound: everything that any origin admitted this many milliseconds ago is shown. {@link Long#MAX_VALUE} if nobody can tell.
     * After it has sunk, the owner calls {@link Watermark#recheck}.
     */
    long stalenessMillis();
}
