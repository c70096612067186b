package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.GCounter;

/** The grow-only counter keeps every law. */
class GCounterProperties extends LawSuite {
    GCounterProperties() {
        super(EngineBackend.standalone(GCounter::standalone), Kind.GCOUNTER);
    }
}
