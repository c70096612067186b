package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;

/** The add-wins set keeps every law. */
class OrSetProperties extends LawSuite {
    OrSetProperties() {
        super(EngineBackend.standalone(id -> OrSet.standalone(id, ValueCodec.VALUE)), Kind.SET);
    }
}
