package dev.rejoin.conformance.yjs;

import org.junit.jupiter.api.Test;

/** One client's operations give the bytes that yjs gives: updates, snapshots, positions and whole states, v1 and v2. */
class SingleClientBytesIT {
    @Test
    void sameOperationsGiveSameBytes() {
        try (YjsOracle oracle = YjsOracle.start()) {
            new Differential(oracle, getClass(), true).run(ScriptGenerator::single, Differential.documents(1_500));
        }
    }
}
