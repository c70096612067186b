package dev.rejoin.client;

import dev.rejoin.client.outbox.SavedDoubt;
import dev.rejoin.crdt.Amount;
import dev.rejoin.crdt.Baseline;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ObjectKey;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A write that a judge was sent who is gone before he has answered, and what replicated state tells of it.
 *
 * <h2>Why state can tell</h2>
 *
 * <p>A judge accepts or voids a transaction whole, and a delta that claims a dot carries its fate. So a cell of the transaction in what another server sends says that it was
 * accepted. If its dots are claimed and its cells are not there, it was void, or somebody has removed them since. Amounts of a counter, whose author does not know their verdict, are
 * never folded; only a reset removes them, and it leaves a baseline that names their owner up to their dots, unless the owner itself has reset. So where the author has not reset
 * or removed anything afterwards, and no baseline reaches the dots, absence says that it was void.
 */
record Doubt(SavedDoubt saved, WriteHandle handle) {
    /** What is known of a write in doubt. */
    enum Outcome {
        /** Nothing yet. */
        OPEN,
        ACCEPTED,
        VOIDED,
        /** It has been judged, and what has happened since hides how. */
        HIDDEN
    }

    static Doubt of(long rejection, ReplicaId replica, Pending write, List<Pending> later) {
        boolean absenceTells = write.delta().cellCount() > 0
                && !counters(write.delta()).isEmpty()
                && later.stream().flatMap(each -> each.mutations().stream()).noneMatch(Doubt::removes)
                && write.mutations().stream().noneMatch(Doubt::removes);
        return new Doubt(
                new SavedDoubt(
                        rejection,
                        replica,
                        write.saved().first(),
                        write.saved().last(),
                        write.saved().fragment(),
                        absenceTells),
                write.handle());
    }

    /** One of an earlier process, whose author nobody waits for any more. */
    static Doubt loaded(SavedDoubt saved) {
        WriteHandle handle = new WriteHandle();
        handle.advance(WriteState.IN_DOUBT);
        handle.announce();
        return new Doubt(saved, handle);
    }

    private static boolean removes(Mutation mutation) {
        return switch (mutation.op()) {
            case RESET, REMOVE, CLEAR -> true;
            default -> false;
        };
    }

    private static Set<ObjectKey> counters(Delta delta) {
        Set<ObjectKey> counters = new HashSet<>();
        delta.forEachCell((replica, counter, object, payload) -> {
            if (payload instanceof Amount) {
                counters.add(object);
            }
        });
        return counters;
    }

    /**
     * What this delta, or state, of another server tells. O(its cells)
     */
    Outcome in(Delta remote) {
        if (!remote.context().includesRange(saved.replica(), saved.first(), saved.last())) {
            return Outcome.OPEN;
        }
        Search search = new Search(counters(Delta.decode(saved.fragment())));
        remote.forEachCell(search::cell);
        return search.isThere
                ? Outcome.ACCEPTED
                : saved.absenceTells() && !search.isReset ? Outcome.VOIDED : Outcome.HIDDEN;
    }

    private final class Search {
        private final Set<ObjectKey> counters;
        private boolean isThere;
        private boolean isReset;

        Search(Set<ObjectKey> counters) {
            this.counters = counters;
        }

        void cell(ReplicaId replica, long counter, ObjectKey object, Object payload) {
            isThere |= replica.equals(saved.replica()) && counter >= saved.first() && counter <= saved.last();
            isReset |= payload instanceof Baseline baseline
                    && counters.contains(object)
                    && baseline.entries().stream()
                            .anyMatch(entry -> entry.owner().equals(saved.replica()) && entry.upto() >= saved.first());
        }
    }
}
