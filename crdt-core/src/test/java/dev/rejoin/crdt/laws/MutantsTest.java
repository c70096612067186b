package dev.rejoin.crdt.laws;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Each law catches a mistake made for it; the twin itself makes none. */
class MutantsTest {
    private static void catches(String law, TwinBackend mutant, Kind kind) {
        Scenario scenario = law.equals("S5") ? Scenario.alone(kind).shorter(12) : Scenario.alone(kind);
        assertTrue(
                Check.find(
                                scenario::history,
                                history -> Run.play(
                                        mutant, scenario, history, Laws.all().get(law)),
                                1,
                                2000)
                        .isPresent(),
                "law " + law + " lets the mutant pass");
    }

    @Test
    void theTwinKeepsEveryLaw() {
        for (Kind kind : Kind.values()) {
            Laws.all()
                    .forEach((name, law) -> Check.law(
                            MutantsTest.class,
                            new TwinBackend(),
                            Scenario.alone(kind).shorter(20),
                            law,
                            15));
            SingleLaws.forkIsDetected(new TwinBackend(), kind);
            SingleLaws.deltaSizeIsFlat(new TwinBackend(), kind);
        }
        SingleLaws.sumsAreExact(new TwinBackend(), Kind.COUNTER);
    }

    @Test
    void idempotenceL1CatchesAJoinThatLeavesAMark() {
        catches("L1", Mutants.joinLeavesAMark(), Kind.SET);
    }

    @Test
    void commutativityL2CatchesATieBrokenByArrival() {
        catches("L2", Mutants.tieBrokenByArrival(), Kind.REGISTER);
    }

    @Test
    void associativityL3CatchesASingleStoredWinner() {
        catches("L3", Mutants.singleStoredWinner(), Kind.REGISTER);
    }

    @Test
    void inflationL4CatchesADeltaWithoutItsRemovals() {
        catches("L4", Mutants.deltaWithoutRemovals(), Kind.SET);
    }

    @Test
    void orderL5CatchesARelationBlindToGaps() {
        catches("L5", Mutants.relationBlindToGaps(), Kind.SET);
    }

    @Test
    void decompositionD1CatchesAContextWithoutGaps() {
        catches("D1", Mutants.contextWithoutGaps(), Kind.SET);
    }

    @Test
    void deltaSinceD2CatchesForgottenRemovalsAndExcess() {
        catches("D2", Mutants.sinceWithoutRemovals(), Kind.SET);
        catches("D2", Mutants.sinceSendsEverything(), Kind.SET);
    }

    @Test
    void reorderingD3CatchesAForgottenEarlyRemoval() {
        catches("D3", Mutants.earlyRemovalForgotten(), Kind.SET);
    }

    @Test
    void gapsD4CatchAContextWithoutGaps() {
        catches("D4", Mutants.contextWithoutGaps(), Kind.SET);
    }

    @Test
    void sizeD5CatchesARemoveThatShipsTheContext() {
        assertThrows(AssertionError.class, () -> SingleLaws.deltaSizeIsFlat(Mutants.removeShipsTheContext(), Kind.SET));
    }

    @Test
    void workD6CatchesAMergeThatCopiesTheState() {
        assertThrows(AssertionError.class, () -> SingleLaws.mergeWorkIsFlat(new TwinBackend(), Kind.SET));
    }

    @Test
    void setsS1CatchARemoveThatTakesOneDotAndTheWrongWinner() {
        catches("S", Mutants.removeTakesOneDot(), Kind.SET);
        catches("S", Mutants.addWinsEverywhere(), Kind.RWSET);
    }

    @Test
    void countersS2CatchAResetWithoutBaselineAndTheLowestBaseline() {
        catches("S", Mutants.resetWithoutBaseline(), Kind.COUNTER);
        catches("S", Mutants.lowestBaseline(), Kind.COUNTER);
    }

    @Test
    void registersS3CatchIgnoredClocks() {
        catches("S", Mutants.clocksIgnored(), Kind.REGISTER);
    }

    @Test
    void flagsAndMapsS4CatchTheWrongWinnerAndAShallowRemove() {
        catches("S", Mutants.addWinsEverywhere(), Kind.DWFLAG);
        catches("S", Mutants.shallowMapRemove(), Kind.MAP);
    }

    @Test
    void linearizabilityS5CatchesTheWrongWinnerAndAResetWithoutBaseline() {
        catches("S5", Mutants.addWinsEverywhere(), Kind.RWSET);
        catches("S5", Mutants.resetWithoutBaseline(), Kind.COUNTER);
    }

    @Test
    void clocksT1CatchStampsFromTheWallAndADeafClock() {
        catches("T1", Mutants.stampsFromTheWall(), Kind.REGISTER);
        catches("T1", Mutants.clockHearsNothing(), Kind.REGISTER);
    }

    @Test
    void versionsV1CatchARemovalThatBurnsNoDot() {
        catches("V1", Mutants.removalBurnsNoDot(), Kind.SET);
    }

    @Test
    void forksI1CatchAForkThatGoesUnnoticed() {
        assertThrows(AssertionError.class, () -> SingleLaws.forkIsDetected(Mutants.forkGoesUnnoticed(), Kind.SET));
    }

    @Test
    void sumsO1CatchWrapping() {
        assertThrows(AssertionError.class, () -> SingleLaws.sumsAreExact(Mutants.sumsWrap(), Kind.COUNTER));
    }
}
