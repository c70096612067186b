package dev.rejoin.server.storage;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** When commits begin. Owned by one thread at a time. */
final class CommitPace {
    /* A disk that flushes in less time than passes between two appends gives each of them a commit of its own, and then the
     * flush, and the waking of all who wait for it, are most of what an append costs. So a commit begins `paceNanos` after the
     * one before if the two carry different documents. A room has one append under way, so who writes alone is never kept
     * waiting, and neither is anybody on a disk that takes longer than the pace.
     */
    private final LogClock clock;
    private final long paceNanos;

    private boolean begun; // a commit; the two below say something of the last one
    private long begunAtNanos;
    private @Nullable LogDocument alone; // if it carried just one

    CommitPace(LogClock clock, long paceNanos) {
        this.clock = clock;
        this.paceNanos = paceNanos;
    }

    /** How long appends wait, if nothing else is asked for and a commit of them is not full, in nanoseconds. */
    long patience(Collection<LogRequest> waiting) {
        if (!begun || paceNanos == 0 || alone != null && areAbout(alone, waiting)) {
            return 0;
        }
        return Math.max(0, begunAtNanos + paceNanos - clock.nanos());
    }

    /** A commit of these begins. */
    void begins(Collection<LogRequest> commit) {
        if (paceNanos > 0) {
            LogDocument first = commit.iterator().next() instanceof LogRequest.Append append ? append.document() : null;
            begun = true;
            begunAtNanos = clock.nanos();
            alone = first != null && areAbout(first, commit) ? first : null;
        }
    }

    private static boolean areAbout(LogDocument document, Collection<LogRequest> requests) {
        for (LogRequest request : requests) {
            if (!(request instanceof LogRequest.Append append) || append.document() != document) {
                return false;
            }
        }
        return true;
    }
}
