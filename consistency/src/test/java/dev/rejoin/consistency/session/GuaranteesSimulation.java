package dev.rejoin.consistency.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.HistoryChecker.Violation;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Sessions that wander between two or three servers, which are partitioned, crash, lose their disks, have clocks half a minute apart, and learn
 * of each other by entries or by whole states; judged by {@link HistoryChecker}. Then the same with one thing done wrong at a time.
 */
class GuaranteesSimulation {
    private static final int SCHEDULES = Integer.getInteger("rejoin.schedules", 20_000);
    private static final int WRONG_SCHEDULES = 1_000;

    @Test
    void sessionsKeepTheirGuarantees() {
        Map<String, Integer> outcomes = new TreeMap<>();
        long first = Long.getLong("rejoin.seed", System.nanoTime());
        for (long seed = first; seed < first + SCHEDULES; seed++) {
            try {
                SimulatedCluster cluster = new SimulatedCluster(seed, Fault.NONE, Guarantee.ALL);
                cluster.run();
                cluster.outcomes.forEach((outcome, count) -> outcomes.merge(outcome, count, Integer::sum));
            } catch (RuntimeException | AssertionError failure) {
                throw replayable(seed, SCHEDULES, failure);
            }
        }
        Set<String> never = new TreeSet<>(List.of(
                "local",
                "waited",
                "pulled",
                "redirected",
                "session-not-satisfied",
                "session-lost-writes",
                "origins-unreachable"));
        never.removeAll(outcomes.keySet());
        assertTrue(SCHEDULES < 1_000 || never.isEmpty(), "never seen: " + never + " among " + outcomes);
    }

    @Test
    void sessionsKeepAnyGuaranteesTheyHaveChosen() {
        List<Guarantee> all = List.copyOf(Guarantee.ALL);
        long first = Long.getLong("rejoin.seed", System.nanoTime());
        for (int i = 0; i < SCHEDULES / 10; i++) {
            Set<Guarantee> chosen = EnumSet.noneOf(Guarantee.class);
            for (int g = 0; g < all.size(); g++) {
                if ((i >> g & 1) != 0) {
                    chosen.add(all.get(g));
                }
            }
            try {
                new SimulatedCluster(first + i, Fault.NONE, chosen).run();
            } catch (RuntimeException | AssertionError failure) {
                throw replayable(first + i, SCHEDULES, failure);
            }
        }
    }

    /** Otherwise choosing would mean nothing. */
    @ParameterizedTest
    @EnumSource
    void aGuaranteeThatWasNotChosenIsNotKept(Guarantee left) {
        assertTrue(
                violations(Fault.leavingOut(left), Guarantee.ALL).containsKey(left.name()), left + " holds by itself");
    }

    @Test
    void withoutAGuardReadsAreStale() {
        Map<String, Integer> violations = violations(Fault.GUARD_OFF, Guarantee.ALL);
        assertTrue(
                violations.keySet().containsAll(Set.of("READ_YOUR_WRITES", "MONOTONIC_READS")), violations.toString());
    }

    /** The rule of thumb "replay position greater than the token": on an idle cluster it never comes true. */
    @Test
    void greaterInsteadOfGreaterOrEqualNeverComesTrue() {
        assertEquals(Set.of("CALM"), violations(Fault.GREATER, Guarantee.ALL).keySet());
    }

    /** A larger clock does not mean that the write is there. */
    @Test
    void aLamportScalarLetsStaleReadsPass() {
        Map<String, Integer> violations = violations(Fault.LAMPORT, Guarantee.ALL);
        assertTrue(violations.containsKey("READ_YOUR_WRITES"), violations.toString());
    }

    /** That one server has caught up says nothing of the others. */
    @Test
    void aTokenClearedWhenOneServerHasCaughtUpLetsStaleReadsPass() {
        Map<String, Integer> violations = violations(Fault.CLEARED_EARLY, Guarantee.ALL);
        assertTrue(violations.containsKey("READ_YOUR_WRITES"), violations.toString());
    }

    /** The number of a refused write is missing for ever, and whoever has seen it is served nowhere else. */
    @Test
    void aRefusedWriteThatIsDroppedInsteadOfVoidedBlocksItsAuthor() {
        assertEquals(Set.of("CALM"), violations(Fault.DROPPED, Guarantee.ALL).keySet());
    }

    /** What replication owes the tokens: entries in an order that respects what their author's server held. */
    @Test
    void entriesThatOvertakeTheirCausesBreakTheOrderOfWrites() {
        Map<String, Integer> violations = violations(Fault.OVERTAKING, Guarantee.ALL);
        assertTrue(
                violations.keySet().containsAll(Set.of("WRITES_FOLLOW_READS", "MONOTONIC_WRITES")),
                violations.toString());
    }

    /** What an answer shows beyond its token, the next server need not show. */
    @Test
    void aViewThatShowsMoreThanItClaimsLetsReadsGoBack() {
        Map<String, Integer> violations = violations(Fault.CLAIMED_LATE, Guarantee.ALL);
        assertTrue(violations.containsKey("MONOTONIC_READS"), violations.toString());
    }

    /** How many schedules end with which broken promise. */
    private static Map<String, Integer> violations(Fault fault, Set<Guarantee> guarantees) {
        Map<String, Integer> found = new TreeMap<>();
        for (long seed = 1; seed <= WRONG_SCHEDULES; seed++) {
            try {
                new SimulatedCluster(seed, fault, guarantees).run();
            } catch (Violation violation) {
                found.merge(violation.claim, 1, Integer::sum);
            }
        }
        return found;
    }

    private static AssertionError replayable(long seed, int schedules, Throwable failure) {
        return new AssertionError(
                "replay: mvn -pl consistency -am test -Dtest=GuaranteesSimulation -Dsurefire.failIfNoSpecifiedTests=false "
                        + "-DargLine=\"-Drejoin.seed=" + seed + " -Drejoin.schedules=" + Math.min(10, schedules) + "\"",
                failure);
    }

    /** What is done wrong. */
    enum Fault {
        NONE,
        GUARD_OFF,
        GREATER,
        LAMPORT,
        CLEARED_EARLY,
        DROPPED,
        OVERTAKING,
        CLAIMED_LATE,
        NO_READ_YOUR_WRITES,
        NO_MONOTONIC_READS,
        NO_WRITES_FOLLOW_READS,
        NO_MONOTONIC_WRITES;

        static Fault leavingOut(Guarantee guarantee) {
            return valueOf("NO_" + guarantee);
        }
    }
}
