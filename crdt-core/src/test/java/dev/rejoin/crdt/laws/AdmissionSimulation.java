package dev.rejoin.crdt.laws;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Clients pipeline writes of all types, the judge refuses some: at the end client and server hold the same bytes, and read
 * as if what was refused had never been written. {@code -Drejoin.schedules=N} plays N schedules.
 */
class AdmissionSimulation {
    private static final List<Scenario> SCENARIOS = scenarios();

    private static List<Scenario> scenarios() {
        List<Scenario> scenarios = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            if (kind != Kind.MAP) {
                scenarios.add(Scenario.alone(kind)); // the root object without a name, in a document
            }
        }
        scenarios.add(Scenario.document());
        return scenarios;
    }

    private static void holds(Admission.Makers makers, int schedules) {
        for (Scenario scenario : SCENARIOS) {
            Check.forAll(
                    AdmissionSimulation.class,
                    random -> Admission.schedule(scenario, random),
                    schedule -> Admission.check(makers, scenario, schedule),
                    Check.tries(schedules / SCENARIOS.size()));
        }
    }

    private static boolean fails(Admission.Makers makers, Scenario scenario) {
        return Check.find(
                        random -> Admission.schedule(scenario, random),
                        schedule -> Admission.check(makers, scenario, schedule),
                        1,
                        5000)
                .isPresent();
    }

    @Test
    void nothingRefusedLeaksAndNothingAcceptedIsLost() {
        holds(new EngineAdmission(), Integer.getInteger("rejoin.schedules", 20_007));
    }

    @Test
    void theTwinForgetsWhatWasRefused() {
        holds(new TwinAdmission(), 900);
    }

    @Test
    void cumulativePendingCountersLeakRefusedAmounts() {
        assertTrue(fails(TwinAdmission.cumulativeCounters(), Scenario.alone(Kind.GCOUNTER)));
        assertTrue(fails(TwinAdmission.cumulativeCounters(), Scenario.alone(Kind.COUNTER)));
    }

    @Test
    void removalsHiddenBehindPendingWritesLoseAcceptedOnes() {
        assertTrue(fails(TwinAdmission.hiddenRemovals(), Scenario.alone(Kind.REGISTER)));
        assertTrue(fails(TwinAdmission.hiddenRemovals(), Scenario.alone(Kind.SET)));
        assertTrue(fails(TwinAdmission.hiddenRemovals(), Scenario.alone(Kind.COUNTER)));
    }
}
