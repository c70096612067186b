package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.PNCounter;

/** The counter with observed reset keeps every law. */
class PNCounterProperties extends LawSuite {
    PNCounterProperties() {
        super(EngineBackend.standalone(PNCounter::standalone), Kind.COUNTER);
    }
}
