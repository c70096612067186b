package dev.rejoin.consistency.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.VirtualTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class VisibilityProbeTest {
    private final VirtualTime time = new VirtualTime(0);
    private final VisibilityProbe probe = new VisibilityProbe(BackoffPolicy.DEFAULT, 2, time, time, new Random(4));
    private final List<Long> looks = new ArrayList<>();

    /** A row of somebody else's table: what it holds, and a version that every write raises. */
    private String value = "old";

    private long version = 1;

    private CompletionStage<Sighting> look() {
        looks.add(time.millis());
        return CompletableFuture.completedFuture(Sighting.ofVersion(version, 2, "Anna"));
    }

    private CompletableFuture<ProbeResult> await() {
        return probe.await(this::look).toCompletableFuture();
    }

    @Test
    void looksAfter200ThenAfter500MillisThenWithJitterForFifteenSeconds() {
        CompletableFuture<ProbeResult> result = await();
        time.advance(20_000);
        assertEquals(List.of(200L, 700L), looks.subList(0, 2));
        long before = 500;
        for (int i = 2; i < looks.size(); i++) {
            long pause = looks.get(i) - looks.get(i - 1);
            assertTrue(pause >= 500 && pause <= Math.min(5_000, 3 * before), looks.toString());
            before = pause;
        }
        assertTrue(looks.size() >= 5 && looks.size() <= 30, looks.toString());
        assertEquals(ProbeResult.Outcome.TIMEOUT, result.join().outcome());
        assertEquals(15_000, result.join().waitedMillis());
        assertEquals(0, time.pending());
        assertEquals(0, probe.running());
    }

    @Test
    void twoWhoWaitDoNotLookTogetherForLong() {
        await();
        await();
        time.advance(15_000);
        assertTrue(looks.stream().skip(4).distinct().count() > (looks.size() - 4) / 2, looks.toString());
    }

    @Test
    void endsWhenTheWriteIsSeen() {
        CompletableFuture<ProbeResult> result = await();
        time.advance(300);
        version = 2;
        time.advance(400);
        assertEquals(ProbeResult.Outcome.VISIBLE, result.join().outcome());
        assertEquals(2, result.join().looks());
        assertEquals(0, time.pending());
    }

    @Test
    void endsWhenSomebodyHasWrittenOverIt() {
        CompletableFuture<ProbeResult> result = await();
        version = 3;
        value = "hers";
        time.advance(200);
        assertEquals(ProbeResult.Outcome.SUPERSEDED, result.join().outcome());
        assertEquals("Anna", result.join().detail());
    }

    /** The naive form: compare the value, look again. */
    @Test
    void comparingValuesWaitsForEverOnceSomebodyHasWrittenOverIt() {
        version = 3;
        value = "hers";
        CompletableFuture<ProbeResult> result = probe.await(() ->
                        CompletableFuture.completedFuture(value.equals("mine") ? Sighting.VISIBLE : Sighting.ABSENT))
                .toCompletableFuture();
        time.advance(14_999);
        assertFalse(result.isDone());
    }

    @Test
    void aRefusalEndsItToo() {
        CompletableFuture<ProbeResult> result = probe.await(
                        () -> CompletableFuture.completedFuture(new Sighting.Rejected("bound-exceeded")))
                .toCompletableFuture();
        time.advance(200);
        assertEquals(ProbeResult.Outcome.REJECTED, result.join().outcome());
        assertEquals("bound-exceeded", result.join().detail());
    }

    @Test
    void aLookThatFailsIsTriedAgainAndTheTimeoutSaysWhy() {
        CompletableFuture<ProbeResult> result = probe.await(() -> {
                    looks.add(time.millis());
                    throw new IllegalStateException("index down");
                })
                .toCompletableFuture();
        time.advance(15_000);
        assertTrue(looks.size() > 4);
        assertEquals("index down", result.join().lastFailure().orElseThrow().getMessage());
    }

    @Test
    void aLookThatNeverAnswersDoesNotHoldItUp() {
        CompletableFuture<Sighting> never = new CompletableFuture<>();
        CompletableFuture<ProbeResult> result = probe.await(() -> never).toCompletableFuture();
        time.advance(15_000);
        assertEquals(ProbeResult.Outcome.TIMEOUT, result.join().outcome());
        assertEquals(1, result.join().looks());
        never.complete(Sighting.VISIBLE);
        assertEquals(ProbeResult.Outcome.TIMEOUT, result.join().outcome());
        assertEquals(0, time.pending());
    }

    @Test
    void moreThanMayWaitAreTurnedAway() {
        await();
        await();
        assertEquals(ProbeResult.Outcome.OVERLOADED, await().join().outcome());
        time.advance(15_000);
        assertFalse(await().isDone());
    }

    @Test
    void positionsAreComparedAsSuch() {
        PositionVector wanted = PositionVector.of(new Position(1, 4));
        assertEquals(Sighting.VISIBLE, Sighting.ofPositions(wanted, wanted));
        assertEquals(Sighting.ABSENT, Sighting.ofPositions(PositionVector.of(new Position(1, 3)), wanted));
    }
}
