package dev.rejoin.client;

import dev.rejoin.client.outbox.SavedWrite;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.PendingTransaction;
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

    PendingTransaction transaction() {
        return new PendingTransaction(saved.first(), saved.last(), delta, mutations);
    }

    PendingWrite wire() {
        return new PendingWrite(saved.first(), saved.last(), saved.chain(), saved.fragment());
    }

    boolean mayRepeat() {
        return mutations.stream().noneMatch(mutation -> mutation.op() == Mutation.Op.INCREMENT);
    }
}
