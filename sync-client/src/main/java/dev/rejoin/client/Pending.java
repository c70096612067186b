package dev.rejoin.client;

import dev.rejoin.client.outbox.SavedWrite;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.PendingTransaction;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.sync.session.PendingWrite;
import java.util.List;

/** A transaction without a verdict: as it is saved, as the document shows it, and the handle its author follows. */
record Pending(SavedWrite saved, Delta delta, List<Mutation> mutations, WriteHandle handle) {
    static Pending loaded(SavedWrite saved) {
        WriteHandle handle = new WriteHandle();
        handle.advance(WriteState.SAVED_LOCALLY);
        handle.announce();
        return new Pending(saved, Delta.decode(saved.fragment()), Mutation.decodeAll(saved.mutations()), handle);
    }

    /** As the document shows it: one that is hidden only takes its dots. */
    PendingTransaction transaction(ReplicaId replica) {
        return saved.isHidden()
                ? new PendingTransaction(
                        saved.first(), saved.last(), Delta.voided(replica, saved.first(), saved.last()), List.of())
                : new PendingTransaction(saved.first(), saved.last(), delta, mutations);
    }

    Pending withChain(int chain) {
        SavedWrite linked = new SavedWrite(
                saved.first(),
                saved.last(),
                chain,
                saved.fragment(),
                saved.mutations(),
                saved.retryOf(),
                saved.dependsOn(),
                saved.isHidden());
        return new Pending(linked, delta, mutations, handle);
    }

    PendingWrite wire() {
        return new PendingWrite(saved.first(), saved.last(), saved.chain(), saved.fragment());
    }

    boolean mayRepeat() {
        return mutations.stream().noneMatch(mutation -> mutation.op() == Mutation.Op.INCREMENT);
    }

    /** Whether it may matter which of the two comes first. */
    boolean isAboutTheSameAs(Pending other) {
        return mutations.stream()
                .anyMatch(one -> other.mutations.stream().anyMatch(each -> areAboutTheSame(one, each)));
    }

    private static boolean areAboutTheSame(Mutation one, Mutation other) {
        if (one.type() == ObjectType.MAP || other.type() == ObjectType.MAP) {
            int common = Math.min(one.path().size(), other.path().size());
            return one.path().subList(0, common).equals(other.path().subList(0, common));
        }
        return one.type() == other.type()
                && one.path().equals(other.path())
                && (!isOfElement(one) || !isOfElement(other) || one.value().equals(other.value()));
    }

    private static boolean isOfElement(Mutation mutation) {
        return mutation.op() == Mutation.Op.ADD || mutation.op() == Mutation.Op.REMOVE;
    }
}
