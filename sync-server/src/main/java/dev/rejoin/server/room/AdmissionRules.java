package dev.rejoin.server.room;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Fold;
import dev.rejoin.crdt.ObjectKey;
import dev.rejoin.crdt.Stamped;
import dev.rejoin.crdt.Tally;
import dev.rejoin.crdt.clock.HybridClock;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import org.jspecify.annotations.Nullable;

/**
 * The rules that every transaction of a judged replica keeps, whatever it means (sync-protocol.md, Writing). What an honest
 * client never sends is {@link Malformed} and ends its session; what can happen to an honest client is {@link Unfit}.
 */
final class AdmissionRules {
    static final String UNOBSERVED_REMOVAL = "unobserved-removal";
    static final String CLOCK_SKEW = "clock-skew";

    private final RoomOptions options;

    AdmissionRules(RoomOptions options) {
        this.options = options;
    }

    /** What the rules say. */
    sealed interface Finding {}

    /** Nothing against it; its new dots are {@code first} to {@code last}. */
    record Fit(long first, long last) implements Finding {}

    /** Its dots are in order, but it may not happen. */
    record Unfit(long first, long last, String code, String message) implements Finding {}

    /** It is no transaction of this replica. */
    record Malformed(String message) implements Finding {}

    /**
     * Checks a transaction against the document before it. Linear in the cells and ranges of the transaction.
     *
     * @param judgedThrough the author's dots up to here are judged
     */
    Finding check(Delta delta, ReplicaId author, long judgedThrough, Document document, long nowMillis) {
        Version claims = delta.context();
        long first = judgedThrough + 1;
        long last = claims.highest(author);
        if (last < first || !claims.includesRange(author, first, last)) {
            return new Malformed("does not claim the dots of " + author + " from " + first + " on without a gap");
        }
        CellCheck cells = new CellCheck(author, first, nowMillis + options.maxClockSkewMillis());
        delta.forEachCell(cells::cell);
        if (cells.malformed != null) {
            return new Malformed(cells.malformed);
        }
        RemovalCheck removals = new RemovalCheck(author, first, document);
        claims.forEachRange(removals::range);
        if (removals.unknown) {
            return new Unfit(first, last, UNOBSERVED_REMOVAL, "removes what this server has never seen");
        }
        if (cells.ahead) {
            String seconds = options.maxClockSkewMillis() / 1000 + " s";
            return new Unfit(first, last, CLOCK_SKEW, "the clock is more than " + seconds + " ahead of the server's");
        }
        return new Fit(first, last);
    }

    /** Cells are the author's, at new dots, and of kinds that a judged replica writes. */
    private static final class CellCheck {
        private final ReplicaId author;
        private final long first;
        private final long latestMillis;
        private @Nullable String malformed;
        private boolean ahead;

        CellCheck(ReplicaId author, long first, long latestMillis) {
            this.author = author;
            this.first = first;
            this.latestMillis = latestMillis;
        }

        void cell(ReplicaId replica, long counter, ObjectKey object, Object payload) {
            if (!replica.equals(author) || counter < first) {
                malformed = "holds a cell at " + replica + ":" + counter + ", which is not a new dot of its author";
            } else if (payload instanceof Tally || payload instanceof Fold) {
                malformed = "holds a total, which only a replica that nobody judges may write";
            } else if (payload instanceof Stamped stamped) {
                ahead |= HybridClock.millis(stamped.hlc()) > latestMillis;
            }
        }
    }

    /** What is removed is known to the document. */
    private static final class RemovalCheck {
        private final ReplicaId author;
        private final long first;
        private final Document document;
        private boolean unknown;

        RemovalCheck(ReplicaId author, long first, Document document) {
            this.author = author;
            this.first = first;
            this.document = document;
        }

        void range(ReplicaId replica, long low, long high) {
            long end = replica.equals(author) ? Math.min(high, first - 1) : high;
            if (low <= end && !unknown) {
                unknown = !document.knows(replica, low, end);
            }
        }
    }
}
