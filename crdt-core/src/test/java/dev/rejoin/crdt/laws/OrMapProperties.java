package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.OrMap;

/** The map, with every type below it to depth three, keeps every law. */
class OrMapProperties extends LawSuite {
    OrMapProperties() {
        super(EngineBackend.of((id, time) -> new EnginePeer(OrMap.standalone(id, time))), Kind.MAP);
    }
}
