package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.MvRegister;
import dev.rejoin.crdt.ValueCodec;

/** The multi-value register keeps every law. */
class MvRegisterProperties extends LawSuite {
    MvRegisterProperties() {
        super(EngineBackend.standalone(id -> MvRegister.standalone(id, ValueCodec.VALUE)), Kind.MVREGISTER);
    }
}
