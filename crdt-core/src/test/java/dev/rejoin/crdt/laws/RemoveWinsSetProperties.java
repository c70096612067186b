package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;

/** The remove-wins set keeps every law. */
class RemoveWinsSetProperties extends LawSuite {
    RemoveWinsSetProperties() {
        super(EngineBackend.standalone(id -> OrSet.removeWins(id, ValueCodec.VALUE)), Kind.RWSET);
    }
}
