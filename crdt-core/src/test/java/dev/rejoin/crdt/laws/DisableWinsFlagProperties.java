package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.Flag;

/** The disable-wins flag keeps every law. */
class DisableWinsFlagProperties extends LawSuite {
    DisableWinsFlagProperties() {
        super(EngineBackend.standalone(Flag::disableWins), Kind.DWFLAG);
    }
}
