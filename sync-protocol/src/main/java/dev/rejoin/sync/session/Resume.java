package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.AckLevel;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Verdict;
import dev.rejoin.sync.wire.Welcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a Welcome means for the transactions that were pending when the client said Hello. Source:
 * docs/reference/sync-protocol.md, "Opening", points 3 and 5.
 */
public sealed interface Resume {
    /**
     * The session goes on: these are settled, the others are sent (again).
     *
     * @param settled in order, possibly none
     * @param unknown have been judged, but the server no longer keeps how: they are no longer pending, and what follows
     *     brings their effect if there is one. To be issued again only if that is harmless, else {@code unknown-outcome}
     */
    record Continued(List<Settlement> settled, List<PendingWrite> unknown) implements Resume {
        public Continued {
            settled = List.copyOf(settled);
            unknown = List.copyOf(unknown);
        }
    }

    /**
     * Somebody else has used the replica id. The session ends; the client takes a new replica id.
     *
     * @param settled found their verdict and keep it
     * @param notAccepted are known not to have been accepted: to be issued again, whatever they do
     * @param unknown may have been accepted: to be issued again only if that is harmless, else {@code unknown-outcome}
     */
    record Forked(List<Settlement> settled, List<PendingWrite> notAccepted, List<PendingWrite> unknown)
            implements Resume {
        public Forked {
            settled = List.copyOf(settled);
            notAccepted = List.copyOf(notAccepted);
            unknown = List.copyOf(unknown);
        }
    }

    /**
     * The confirmed state of the client belongs to another life of the document. The session ends; the client drops that
     * state, takes a new replica id, and puts what is pending on its list of rejections as {@code epoch-changed}.
     */
    record OtherEpoch() implements Resume {}

    /**
     * Compares what the server knows of a replica with what its client has pending.
     *
     * <h4>How</h4>
     *
     * The client's history is a row of points (dot, chain): where its known verdicts end, then the end of each pending
     * transaction. If the server's (judgedThrough, chain) is one of them, both have the same history up to there, and the
     * session goes on, even if some verdicts are no longer kept: whatever else is pending keeps its dots, so that it cannot
     * take effect twice, not even if a copy of this client sends it too.
     *
     * <p>Otherwise the histories have parted. The server keeps verdicts as a suffix of the history: it drops the oldest
     * first. So a pending transaction up to judgedThrough that finds no verdict of its own was <em>not</em> accepted if
     * the server holds any verdict at or below its last dot (its own would be there too; the chain at judgedThrough
     * counts as one), and also if it lies above
     * judgedThrough. If all the verdicts held lie above it, its own may have been dropped, and nothing is known.
     *
     * @param knownChain the client's chain at {@code hello.verdictsKnown()}
     */
    static Resume of(Hello hello, int knownChain, PendingWrites pending, Welcome welcome) {
        if (hello.epoch() != 0 && hello.epoch() != welcome.epoch()) {
            return new OtherEpoch();
        }
        Map<Long, Verdict> verdicts = new HashMap<>();
        welcome.verdicts().forEach(verdict -> verdicts.put(verdict.last(), verdict));
        long judged = welcome.judgedThrough();
        long lowestVerdict = welcome.verdicts().isEmpty()
                ? judged
                : welcome.verdicts().get(0).last();

        boolean meets = judged == hello.verdictsKnown() && welcome.chain() == knownChain;
        List<Settlement> settled = new ArrayList<>();
        List<PendingWrite> notAccepted = new ArrayList<>();
        List<PendingWrite> unknown = new ArrayList<>();
        long dot = hello.verdictsKnown();
        for (Optional<PendingWrite> next = pending.after(dot); next.isPresent(); next = pending.after(dot)) {
            PendingWrite write = next.get();
            dot = write.last();
            meets |= judged == dot && welcome.chain() == write.chain();
            @Nullable Verdict verdict = verdicts.get(dot);
            if (verdict != null && verdict.chain() == write.chain()) {
                settled.add(new Settlement(write.first(), dot, verdict.code(), verdict.message(), AckLevel.DURABLE));
            } else if (dot > judged || lowestVerdict <= dot) {
                notAccepted.add(write);
            } else {
                unknown.add(write);
            }
        }
        if (!meets) {
            return new Forked(settled, notAccepted, unknown);
        }
        notAccepted.removeIf(write -> write.first() > judged);
        unknown.addAll(notAccepted);
        return new Continued(settled, unknown);
    }
}
