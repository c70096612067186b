package dev.rejoin.client;

import dev.rejoin.client.outbox.SavedFormer;
import dev.rejoin.client.outbox.SavedWrite;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.document.Document;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The writes that former judges were sent and of which it is not known what became of them, the last {@value #MAX_WRITES}: when state of other servers brings cells of them that are not to stay, these are
 * taken off by one more write. Guarded by the client's lock.
 */
final class FormerWrites {
    /** What older ones have put somewhere stays when it comes. */
    static final int MAX_WRITES = 1_024;

    private final PendingQueue queue;
    private List<SavedFormer> all;

    FormerWrites(List<SavedFormer> saved, PendingQueue queue) {
        all = saved;
        this.queue = queue;
    }

    List<SavedFormer> saved() {
        return all;
    }

    /** The document begins another life, in which none of them is to be followed. */
    void clear() {
        all = List.of();
    }

    /** Whether a pending write is one of these, issued again. */
    boolean hasFormer(Pending write) {
        return all.stream()
                .anyMatch(
                        each -> each.isAgain() && each.before() == write.saved().last());
    }

    /** There is a verdict on a write of the present replica id. */
    void judged(SavedWrite write, boolean isAccepted) {
        all = SavedFormer.after(all, write, isAccepted);
    }

    /**
     * Cells of one former write that are not to stay.
     *
     * @param dependsOn lowest dots of the pending writes without which some of them are
     */
    record Unwanted(Delta cells, List<Long> dependsOn) {}

    /**
     * What is not to stay of the writes that are known to have been judged once this is joined to the document.
     *
     * @param verdictsThrough there are verdicts on pending writes up to this dot
     */
    List<Unwanted> unwanted(Document document, Delta remote, long verdictsThrough) {
        return all.stream()
                .filter(each -> isJudged(each, document)
                        || remote.context().includesRange(each.replica(), each.first(), each.last()))
                .map(each -> unwanted(each, verdictsThrough))
                .toList();
    }

    /** Forgets those of which nothing is there any more that is not to stay. */
    void forgetSettled(Document document) {
        if (!all.isEmpty()) {
            all = all.stream()
                    .filter(each -> !isJudged(each, document)
                            || document.holdsAny(unwanted(each, 0).cells()))
                    .toList();
        }
    }

    private static boolean isJudged(SavedFormer write, Document document) {
        return document.knows(write.replica(), write.first(), write.last());
    }

    private Unwanted unwanted(SavedFormer former, long verdictsThrough) {
        Delta cells = former.unwanted();
        List<Long> dependsOn = new ArrayList<>();
        for (Pending write : queue.from(Math.max(former.before(), verdictsThrough + 1))) {
            if (cells.cellCount() == former.cells().cellCount()) {
                break;
            }
            Delta more = cells.join(without(former, write));
            if (more.cellCount() > cells.cellCount()) {
                cells = more;
                dependsOn.add(write.saved().first());
            }
        }
        return new Unwanted(cells, dependsOn);
    }

    /** Which cells of a former write are not to stay if a pending one is accepted; what that one does not show yet, it does not take off yet. */
    private static Delta without(SavedFormer former, Pending write) {
        if (former.isAgain() && write.saved().last() == former.before()) {
            return write.mutations().isEmpty() ? Delta.EMPTY : former.cells();
        }
        return write.saved().last() > former.before() && !write.saved().isHidden()
                ? former.takenOffBy(write.mutations())
                : Delta.EMPTY;
    }

    /** The client leaves this replica id: each of its pending writes is to have its turn, and then it has another one. */
    Move leave(ReplicaId replica) {
        return new Move(replica);
    }

    /** What becomes of a pending write when the client goes on under another replica id. */
    enum Turn {
        /** It is issued again. */
        AGAIN,
        /** It has been done again, and there was nothing to do. */
        NOTHING_TO_DO,
        /** It is in doubt, or refused. */
        LEFT
    }

    /** The way of all these writes from one replica id to another. */
    final class Move {
        private final ReplicaId former;
        /* By the last dot of a pending write under the former id, the highest one under the new id when it had had its turn. */
        private final TreeMap<Long, Long> issuedAfter = new TreeMap<>();
        private final Set<Long> issuedAgain = new HashSet<>();
        private final List<SavedFormer> more = new ArrayList<>();

        private Move(ReplicaId former) {
            this.former = former;
        }

        /**
         * The next pending write has had its turn.
         *
         * @param mayBeThere whether it may have been accepted under the former id, and dots tell
         * @param issued the highest dot now under the new id
         */
        void next(Pending write, Turn turn, boolean mayBeThere, long issued) {
            if (turn == Turn.NOTHING_TO_DO) {
                judged(write.saved(), true);
                more.replaceAll(each -> each.takenOff(write.mutations()));
            }
            issuedAfter.put(write.saved().last(), issued);
            if (turn == Turn.AGAIN) {
                issuedAgain.add(write.saved().last());
            }
            if (mayBeThere && write.delta().cellCount() > 0) {
                more.add(SavedFormer.of(former, write.saved(), write.delta(), issued, turn == Turn.AGAIN));
            }
        }

        void end() {
            List<SavedFormer> followed = new ArrayList<>();
            for (SavedFormer each : all) {
                Map.Entry<Long, Long> turn = issuedAfter.floorEntry(each.before());
                followed.add(each.renumbered(
                        turn == null ? 0 : turn.getValue(), each.isAgain() && issuedAgain.contains(each.before())));
            }
            followed.addAll(more);
            all = List.copyOf(followed.subList(Math.max(0, followed.size() - MAX_WRITES), followed.size()));
        }
    }
}
