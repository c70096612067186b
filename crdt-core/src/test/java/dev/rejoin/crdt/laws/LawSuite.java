package dev.rejoin.crdt.laws;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * The laws that every type keeps, whatever it is made of. A type joins by a subclass that says which implementation and
 * which objects the histories are about. {@code -Drejoin.tries=N} plays N histories for each law.
 */
abstract class LawSuite {
    private final Backend backend;
    private final Scenario scenario;
    private final Kind kind;

    LawSuite(Backend backend, Kind kind) {
        this(backend, kind, Scenario.alone(kind));
    }

    LawSuite(Backend backend, Kind kind, Scenario scenario) {
        this.backend = backend;
        this.kind = kind;
        this.scenario = scenario;
    }

    private void holds(String law, Scenario about, int tries) {
        Check.law(getClass(), backend, about, Laws.all().get(law), Check.tries(tries));
    }

    @Test
    void joinIsIdempotentL1() {
        holds("L1", scenario, 100);
    }

    @Test
    void joinIsCommutativeL2() {
        holds("L2", scenario, 100);
    }

    @Test
    void joinIsAssociativeL3() {
        holds("L3", scenario, 40);
    }

    @Test
    void mutatorsInflateByExactlyTheirDeltaL4() {
        holds("L4", scenario, 200);
    }

    @Test
    void versionsOrderAsJoinsDoL5() {
        holds("L5", scenario, 100);
    }

    @Test
    void stateIsTheJoinOfItsIrreduciblePartsD1() {
        holds("D1", scenario, 100);
    }

    @Test
    void deltaSinceIsEnoughAndMinimalD2() {
        holds("D2", scenario.delivered(), 100);
        holds("D2", scenario, 50);
    }

    @Test
    void deltasCommuteRepeatGroupAndSplitD3() {
        holds("D3", scenario, 100);
    }

    @Test
    void gapsLoseNothingD4() {
        holds("D4", scenario, 100);
    }

    @Test
    void deltaSizeDoesNotGrowWithStateD5() {
        SingleLaws.deltaSizeIsFlat(backend, kind);
    }

    @Test
    void mergeWorkDoesNotGrowWithStateD6() {
        SingleLaws.mergeWorkIsFlat(backend, kind);
    }

    @Test
    void readingsFollowTheOperationLogS1ToS4() {
        holds("S", scenario, kind == Kind.MAP ? 60 : 200);
    }

    @Test
    void smallHistoriesAreLinearizableS5() {
        holds("S5", scenario.shorter(12), 300);
    }

    @Test
    void clocksDoNotMatterT1() {
        holds("T1", scenario, 100);
    }

    @Test
    void versionsCoverRemovalsV1() {
        holds("V1", scenario.delivered(), 100);
        holds("V1", scenario, 50);
    }

    @Test
    void forkedReplicaIsDetectedI1() {
        SingleLaws.forkIsDetected(backend, kind);
    }

    @Test
    void sumsAreExactO1() {
        Assumptions.assumeTrue(kind.counts(), "only counters sum");
        SingleLaws.sumsAreExact(backend, kind);
    }
}
