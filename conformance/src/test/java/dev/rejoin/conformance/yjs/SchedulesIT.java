package dev.rejoin.conformance.yjs;

import org.junit.jupiter.api.Test;

/**
 * Replicas of ours and of yjs stay alike through random schedules: content, order of units, state vectors and delete sets
 * after every step, with each side reading what the other wrote.
 */
class SchedulesIT {
    @Test
    void bothSidesLookAlikeAfterEveryStep() {
        Lanes lanes = new Lanes(getClass(), YjsOracle.THIRTEEN, 3_000);
        new Differential(lanes, ScriptGenerator::schedule, false).run();
    }
}
