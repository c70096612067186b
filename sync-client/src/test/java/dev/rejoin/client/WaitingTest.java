package dev.rejoin.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What somebody who waits is told, on a clock that the test moves. */
class WaitingTest {
    private long now = 1_000_000;

    private final OperationTimes times = new OperationTimes(() -> now);

    private static ClientStatus status(ConnectionStatus connection, SyncStatus sync) {
        return new ClientStatus(connection, "", sync, 0, 0);
    }

    private static ClientStatus up(SyncStatus sync) {
        return status(ConnectionStatus.CONNECTED, sync);
    }

    @Test
    void aWriteThatIsSavedWithinASecondShowsNothing() {
        SmoothStatus smooth = new SmoothStatus(up(SyncStatus.SYNCHRONIZED), () -> now);
        smooth.accept(up(SyncStatus.SYNCHRONIZING));
        assertEquals(SmoothStatus.DELAY_MILLIS, smooth.nextChange());
        now += 999;
        assertEquals(SyncStatus.SYNCHRONIZED, smooth.shown());
        smooth.accept(up(SyncStatus.SYNCHRONIZED));
        now += 10_000;
        assertEquals(SyncStatus.SYNCHRONIZED, smooth.shown());
        assertEquals(Long.MAX_VALUE, smooth.nextChange());
    }

    @Test
    void whatShowsStaysForHalfASecond() {
        SmoothStatus smooth = new SmoothStatus(up(SyncStatus.SYNCHRONIZED), () -> now);
        smooth.accept(up(SyncStatus.SYNCHRONIZING));
        now += 1_000;
        assertEquals(SyncStatus.SYNCHRONIZING, smooth.shown());
        now += 100;
        smooth.accept(up(SyncStatus.SYNCHRONIZED));
        assertEquals(SyncStatus.SYNCHRONIZING, smooth.shown());
        now += 400;
        assertEquals(SyncStatus.SYNCHRONIZED, smooth.shown());
    }

    @Test
    void whatIsPendingUnderTwoNamesByTurnsStillShowsAfterASecond() {
        SmoothStatus smooth = new SmoothStatus(up(SyncStatus.SYNCHRONIZED), () -> now);
        smooth.accept(up(SyncStatus.SYNCHRONIZING));
        now += 600;
        smooth.accept(status(ConnectionStatus.DISCONNECTED, SyncStatus.OFFLINE_PENDING));
        now += 400;
        assertEquals(SyncStatus.OFFLINE_PENDING, smooth.shown());
    }

    @Test
    void aRefusalShowsAtOnce() {
        SmoothStatus smooth = new SmoothStatus(up(SyncStatus.SYNCHRONIZED), () -> now);
        smooth.accept(up(SyncStatus.REJECTED));
        assertEquals(SyncStatus.REJECTED, smooth.shown());
    }

    @Test
    void aConnectionIsLostAfterFiveSecondsOrWhenItHasEndedForGood() {
        SmoothStatus smooth = new SmoothStatus(up(SyncStatus.SYNCHRONIZED), () -> now);
        smooth.accept(status(ConnectionStatus.DISCONNECTED, SyncStatus.SYNCHRONIZED));
        now += 3_000;
        smooth.accept(status(ConnectionStatus.CONNECTING, SyncStatus.SYNCHRONIZED));
        now += 1_999;
        assertFalse(smooth.isConnectionLost());
        assertEquals(1, smooth.nextChange());
        now += 1;
        assertTrue(smooth.isConnectionLost());
        smooth.accept(up(SyncStatus.SYNCHRONIZED));
        assertFalse(smooth.isConnectionLost());
        smooth.accept(status(ConnectionStatus.ERROR, SyncStatus.SYNCHRONIZED));
        assertTrue(smooth.isConnectionLost());
    }

    @Test
    void anOperationIsSlowAfterWhatNearlyAllOfItsKindTake() {
        assertEquals("", times.usually("export"));
        for (int i = 1; i <= 20; i++) {
            times.record("export", 2_000 + i * 50);
        }
        PendingOperation operation = times.follow("export", new CompletableFuture<>(), 10_000);
        assertEquals(PendingOperation.State.QUEUED, operation.state());
        assertEquals(Optional.empty(), operation.startedAt());
        operation.begin();
        assertEquals(Optional.of(2_500L), operation.expectedMillis());
        assertEquals(Optional.of(2_950L), operation.slowAfterMillis());
        assertEquals("usually up to 3 s", times.usually("export"));
        now += 2_950;
        assertFalse(operation.isSlow());
        now += 1;
        assertTrue(operation.isSlow());
        assertEquals(PendingOperation.State.IN_PROGRESS, operation.state());
    }

    @Test
    void anUnknownOutcomeIsResolvedLate() {
        CompletableFuture<Void> outcome = new CompletableFuture<>();
        PendingOperation operation = times.follow("pay", outcome, 1_000).begin();
        now += 1_000;
        assertEquals(PendingOperation.State.UNKNOWN, operation.state());
        outcome.complete(null);
        assertEquals(PendingOperation.State.SUCCEEDED, operation.state());
    }

    @Test
    void failuresDoNotTeachHowLongSuccessTakes() {
        for (int i = 0; i < OperationTimes.MIN_SAMPLES; i++) {
            CompletableFuture<Void> outcome = new CompletableFuture<>();
            PendingOperation operation = times.follow("pay", outcome, 1_000).begin();
            outcome.completeExceptionally(new IllegalStateException("no"));
            assertEquals(PendingOperation.State.FAILED, operation.state());
        }
        assertEquals(Optional.empty(), times.expectedMillis("pay"));
    }

    @Test
    void oldDurationsMakeRoomForNewOnes() {
        for (int i = 0; i < 3 * OperationTimes.KEPT; i++) {
            times.record("pay", 9_000);
        }
        for (int i = 0; i < OperationTimes.KEPT; i++) {
            times.record("pay", 100 + i % 2);
        }
        assertEquals(Optional.of(101L), times.slowAfterMillis("pay"));
        assertEquals("usually under 1 s", times.usually("pay"));
        for (int i = 0; i < OperationTimes.KEPT; i++) {
            times.record("pay", i < 40 ? 2_000 : 3_000);
        }
        assertEquals("usually 2–3 s", times.usually("pay"));
    }
}
