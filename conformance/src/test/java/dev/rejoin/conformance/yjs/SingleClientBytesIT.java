package dev.rejoin.conformance.yjs;

import org.junit.jupiter.api.Test;

/** One client's operations give the bytes that yjs gives: updates, snapshots, positions and whole states, v1 and v2. */
class SingleClientBytesIT {
    @Test
    void sameOperationsGiveSameBytes() {
        Lanes lanes = new Lanes(getClass(), YjsOracle.THIRTEEN, 1_500);
        new Differential(lanes, ScriptGenerator::single, true).run();
    }
}
