package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.LwwRegister;
import dev.rejoin.crdt.ValueCodec;

/** The last-writer-wins register keeps every law. */
class LwwRegisterProperties extends LawSuite {
    LwwRegisterProperties() {
        super(
                EngineBackend.of((id, time) -> new EnginePeer(LwwRegister.standalone(id, ValueCodec.VALUE, time))),
                Kind.REGISTER);
    }
}
