package dev.rejoin.consistency.lag;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An origin whose clock is off, a link with a delay, and the replica that measures; beside it the two usual formulas. */
class LagTest {
    private static final long ORIGIN = 5;

    private final VirtualTime time = new VirtualTime(1_700_000_000_000L);
    private final List<LagSpike> spikes = new ArrayList<>();
    private final Lag lag = new Lag(Duration.ofSeconds(1), Duration.ofMinutes(5), time, spikes::add);
    private long clockOffset;
    private long delay;
    private long sequence;
    private boolean cut;
    private final List<Runnable> stuck = new ArrayList<>();

    /** What the two formulas see: when the last write was applied, what was received and what was applied. */
    private long lastWriteStamp = time.millis();

    private long received;
    private long applied;

    private void seconds(int count) {
        for (int i = 0; i < count; i++) {
            beat();
            ping();
            time.advance(1_000);
            lag.tick();
        }
    }

    private void beat() {
        Position position = new Position(ORIGIN, ++sequence);
        long stamp = time.millis() + clockOffset;
        Runnable arrival = () -> lag.heartbeat(position, stamp);
        if (cut) {
            stuck.add(arrival);
        } else {
            time.after(delay, arrival);
        }
    }

    /** Pings overtake the queue of changes. */
    private void ping() {
        if (!cut) {
            long sent = time.millis();
            time.after(20, () -> {
                long remote = time.millis() + clockOffset;
                time.after(20, () -> lag.exchanged(ORIGIN, sent, remote, time.millis()));
            });
        }
    }

    private LagReading reading() {
        return lag.reading(ORIGIN).orElseThrow();
    }

    private static void near(long expected, long actual, long tolerance) {
        assertTrue(Math.abs(expected - actual) <= tolerance, actual + " is not " + expected + " ± " + tolerance);
    }

    /** The formula of the article: now minus the time of the last applied write. */
    private long naive() {
        return time.millis() - lastWriteStamp;
    }

    /** Its usual repair: no lag as long as everything that was received is applied. */
    private long repaired() {
        return received == applied ? 0 : naive();
    }

    @Test
    void anIdleReplicaIsNotLate() {
        delay = 30;
        seconds(600);
        near(30, reading().lagMillis(), 10);
        near(30, reading().p99Millis(), 10);
        assertFalse(reading().isSilent());
        assertTrue(naive() >= 600_000, "the naive formula: ten minutes late");
    }

    @Test
    void aCutLinkIsSeenWithinTwoSeconds() {
        delay = 30;
        seconds(60);
        cut = true;
        seconds(2);
        assertTrue(reading().isSilent());
        near(2_000, reading().lagMillis(), 100);
        assertEquals(0, repaired(), "the repaired formula: not late at all");
        seconds(58);
        near(60_000, reading().lagMillis(), 100);
        assertTrue(reading().p95Millis() > 45_000);
        cut = false;
        stuck.forEach(Runnable::run);
        near(1_000, reading().lagMillis(), 1_000);
        seconds(2);
        near(30, reading().lagMillis(), 10);
    }

    @ParameterizedTest
    @ValueSource(longs = {-30_000, -1_000, 0, 777, 30_000})
    void anInjectedDelayIsMeasuredWhateverTheClocksSay(long offset) {
        clockOffset = offset;
        delay = 3_000;
        seconds(60);
        near(3_000, reading().lagMillis(), 50);
        near(3_000, reading().p50Millis(), 50);
        near(3_000, reading().p99Millis(), 50);
        assertTrue(reading().uncertaintyMillis() <= 50);
        near(time.millis() - 3_000, reading().shownThroughMillis(), 1_050);
        near(3_020, lag.stalenessMillis(), 50);
    }

    /** What two clocks cannot tell is said instead of hidden. */
    @Test
    void aSlowerWayBackIsWithinTheUncertainty() {
        long sent = time.millis();
        time.advance(10);
        long remote = time.millis();
        time.advance(400);
        lag.exchanged(ORIGIN, sent, remote, time.millis());
        lag.heartbeat(new Position(ORIGIN, 1), time.millis() - 100);
        long error = Math.abs(reading().lagMillis() - 100);
        assertTrue(
                error <= reading().uncertaintyMillis(),
                error + " > " + reading().uncertaintyMillis());
    }

    @Test
    void aQuickExchangeOutweighsManySlowOnes() {
        clockOffset = 5_000;
        long sent = time.millis();
        lag.exchanged(ORIGIN, sent, sent + 1 + clockOffset, sent + 2);
        Random random = new Random(1);
        for (int i = 0; i < ClockOffset.MAX_EXCHANGES - 1; i++) {
            long there = random.nextInt(900);
            long now = time.millis();
            lag.exchanged(ORIGIN, now, now + there + clockOffset, now + there + random.nextInt(900));
        }
        lag.heartbeat(new Position(ORIGIN, 1), time.millis() - 50 + clockOffset);
        near(50, reading().lagMillis(), 2);
    }

    @Test
    void aSpikeIsToldOnceAndItsEndOnce() {
        delay = 60;
        seconds(120);
        assertEquals(List.of(), spikes);
        delay = 4_000;
        seconds(30);
        assertEquals(1, spikes.size(), spikes.toString());
        assertTrue(spikes.get(0).begins() && spikes.get(0).factor() > 4, spikes.toString());
        delay = 60;
        seconds(30);
        assertEquals(2, spikes.size(), spikes.toString());
        assertFalse(spikes.get(1).begins());
        near(60, spikes.get(1).usualMillis(), 10);
    }

    @Test
    void noiseIsNoSpikeAndWhatStaysIsTheNewUsual() {
        Random random = new Random(7);
        for (int i = 0; i < 400; i++) {
            delay = 20 + random.nextInt(100);
            seconds(1);
        }
        assertEquals(List.of(), spikes);
        delay = 900;
        seconds(700);
        assertEquals(2, spikes.size(), spikes.toString());
        assertFalse(spikes.get(1).begins(), "it has become usual");
    }

    @Test
    void entriesBehindAreCounted() {
        lag.applied(new Position(ORIGIN, 10));
        lag.heard(new Position(ORIGIN, 25));
        lag.heartbeat(new Position(ORIGIN, 12), time.millis());
        assertEquals(13, reading().entriesBehind());
        lag.applied(new Position(ORIGIN, 30));
        assertEquals(0, reading().entriesBehind());
    }

    @Test
    void aReplicaThatCannotTellDoesNotClaimToBeFresh() {
        assertEquals(Long.MAX_VALUE, lag.stalenessMillis());
        lag.heartbeat(new Position(ORIGIN, 1), time.millis());
        assertEquals(Long.MAX_VALUE, lag.stalenessMillis(), "its clock is not known");
        lag.exchanged(ORIGIN, time.millis(), time.millis(), time.millis());
        assertEquals(0, lag.stalenessMillis());
        lag.exchanged(6, time.millis(), time.millis(), time.millis());
        assertEquals(Long.MAX_VALUE, lag.stalenessMillis(), "one origin has not been heard of");
        lag.retire(6);
        assertEquals(0, lag.stalenessMillis());
    }

    @Test
    void percentilesForget() {
        delay = 5_000;
        seconds(100);
        delay = 10;
        seconds(400);
        near(10, reading().p99Millis(), 5);
    }

    @Test
    void strangersAreBounded() {
        for (int origin = 0; origin < 2 * Lag.MAX_ORIGINS; origin++) {
            lag.heartbeat(new Position(origin, 1), time.millis());
        }
        assertEquals(Lag.MAX_ORIGINS, lag.readings().size());
    }
}
