package dev.rejoin.consistency.session;

import java.util.EnumSet;
import java.util.Set;

/**
 * One user's view of a cluster over time: remembers what was read and written, and says what the next request must ask for. Which of it counts
 * is chosen by {@link Guarantee}s; the default is all four, a causal session.
 *
 * <p>Whoever reads or writes passes {@link #forRead} or {@link #forWrite} along and gives the token of the answer to {@link #observe}. A
 * session outlives connections, servers and, through {@link #token} and {@link #observe}, processes. Thread-safe; it holds one token, which
 * grows with the documents that are used: {@link #forget} those that are closed.
 */
public final class Session {
    private final boolean readsAskForWrites;
    private final boolean readsAskForReads;
    private final boolean writesAskForReads;
    private final boolean writesAskForWrites;
    private SessionToken token = SessionToken.EMPTY;

    /** A session with these guarantees that has seen nothing. */
    public Session(Set<Guarantee> guarantees) {
        readsAskForWrites = guarantees.contains(Guarantee.READ_YOUR_WRITES);
        readsAskForReads = guarantees.contains(Guarantee.MONOTONIC_READS);
        writesAskForReads = guarantees.contains(Guarantee.WRITES_FOLLOW_READS);
        writesAskForWrites = guarantees.contains(Guarantee.MONOTONIC_WRITES);
    }

    /** A session with all four guarantees that has seen nothing. */
    public static Session causal() {
        return new Session(EnumSet.allOf(Guarantee.class));
    }

    /** Takes in the token of an answer, of an earlier session of this user, or of somebody else's link. */
    public synchronized void observe(SessionToken seen) {
        token = token.merge(seen);
    }

    /** What a read of {@code document} must show. */
    public SessionToken forRead(String document) {
        return asking(document, readsAskForReads, readsAskForWrites);
    }

    /** What a server must hold before it admits a write to {@code document}. */
    public SessionToken forWrite(String document) {
        return asking(document, writesAskForReads, writesAskForWrites);
    }

    private SessionToken asking(String document, boolean reads, boolean writes) {
        return SessionToken.ofSorted(token().only(document).entries().stream()
                .map(entry -> {
                    PositionVector asked = (reads ? entry.reads() : PositionVector.EMPTY)
                            .union(writes ? entry.writes() : PositionVector.EMPTY);
                    return new TokenEntry(entry.key(), entry.epoch(), asked, asked);
                })
                .toList());
    }

    /** Everything, to be kept for a later session; {@link SessionToken#forOthers} of it is for other people. */
    public synchronized SessionToken token() {
        return token;
    }

    /** Forgets a document, because it is closed for good or, after {@code epoch-changed}, because its life has ended. */
    public synchronized void forget(String document) {
        token = token.without(document);
    }

    /** Forgets what every server holds for good, as {@link SessionToken#settle}. */
    public synchronized void settle(String document, long epoch, PositionVector stable) {
        token = token.settle(document, epoch, stable);
    }

    /**
     * Gives up what is lost, after {@code session-lost-writes} and after the user was told: of the origins that {@code lost} names the session
     * asks for no more than survives.
     */
    public synchronized void giveUp(String document, long epoch, PositionVector lost, PositionVector surviving) {
        token = token.replace(document, epoch, vector -> {
            PositionVector[] kept = {PositionVector.EMPTY};
            vector.forEach((origin, sequence) -> {
                long left = lost.sequence(origin) == 0 ? sequence : Math.min(sequence, surviving.sequence(origin));
                kept[0] = kept[0].with(new Position(origin, left));
            });
            return kept[0];
        });
    }
}
