package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.Flag;

/** The enable-wins flag keeps every law. */
class FlagProperties extends LawSuite {
    FlagProperties() {
        super(EngineBackend.standalone(Flag::standalone), Kind.FLAG);
    }
}
