package dev.rejoin.client.outbox;

import dev.rejoin.crdt.Baseline;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.ArrayList;
import java.util.List;

/**
 * A write that a judge was sent whom the client has left before the verdict, and which of its cells are not to stay if that judge has accepted it.
 *
 * <h2>What is not to stay</h2>
 *
 * <p>The write was made before those that have followed it, though the client could not show it, or showed it under other dots. So a cell of it is not to stay where a later write of this
 * client's would have taken it off, and is accepted. If the same was issued again, and is accepted, that stands in the place of the whole.
 *
 * @param replica the replica id it was written under
 * @param first its lowest dot
 * @param last its highest dot
 * @param cells its cells, but not baselines, which are the same once and twice
 * @param unwanted those of them that are not to stay
 * @param before later writes of this client's are those with dots above this one, under its present replica id
 * @param isAgain whether the write with that last dot is the same, issued again, and has no verdict
 */
public record SavedFormer(
        ReplicaId replica, long first, long last, Delta cells, Delta unwanted, long before, boolean isAgain) {

    /**
     * One of which nobody knows yet what became of it.
     *
     * @param delta what it does
     */
    public static SavedFormer of(ReplicaId replica, SavedWrite write, Delta delta, long before, boolean isAgain) {
        Delta cells = delta.only((author, counter, object, payload) -> !(payload instanceof Baseline));
        return new SavedFormer(replica, write.first(), write.last(), cells, Delta.EMPTY, before, isAgain);
    }

    /** The same, when the client goes on under another replica id. */
    public SavedFormer renumbered(long newBefore, boolean isStillIssuedAgain) {
        return new SavedFormer(replica, first, last, cells, unwanted, newBefore, isStillIssuedAgain);
    }

    /** Those of its cells that these take off, if their author has seen them. */
    public Delta takenOffBy(List<Mutation> mutations) {
        return cells.only((author, counter, object, payload) ->
                mutations.stream().anyMatch(mutation -> mutation.takesOff(object, payload)));
    }

    /** The same after a later write that does this. */
    public SavedFormer takenOff(List<Mutation> mutations) {
        if (unwanted.cellCount() == cells.cellCount()) {
            return this;
        }
        return new SavedFormer(replica, first, last, cells, unwanted.join(takenOffBy(mutations)), before, isAgain);
    }

    /** These after the verdict on a write. A refused one that was to take off their cells is not tried again. */
    public static List<SavedFormer> after(List<SavedFormer> all, SavedWrite write, boolean isAccepted) {
        if (all.isEmpty()) {
            return all;
        }
        Delta delta = Delta.decode(write.fragment());
        List<Mutation> mutations = Mutation.decodeAll(write.mutations());
        List<SavedFormer> after = new ArrayList<>();
        for (SavedFormer each : all) {
            boolean takesOff = delta.context().ranges(each.replica).intersects(each.first, each.last);
            if (isAccepted || !mutations.isEmpty() || !takesOff) {
                after.add(each.after(write.last(), mutations, isAccepted));
            }
        }
        return List.copyOf(after);
    }

    private SavedFormer after(long verdictOn, List<Mutation> mutations, boolean isAccepted) {
        if (isAgain && verdictOn == before) {
            boolean stands = isAccepted && !mutations.isEmpty();
            return new SavedFormer(replica, first, last, cells, stands ? cells : unwanted, before, false);
        }
        return isAccepted && verdictOn > before ? takenOff(mutations) : this;
    }
}
