package dev.rejoin.client;

import dev.rejoin.crdt.clock.TimeSource;
import org.jspecify.annotations.Nullable;

/**
 * What of a client's status is worth showing: a write that is saved within a second shows no "saving", what shows stays long enough to be read, and a connection is
 * lost only after some seconds without one.
 *
 * <p>A pure function of what it is told and of time: ask {@link #shown} at {@link #nextChange}, or whenever the screen is drawn. For any thread. O(1), as long as the client lives.
 */
public final class SmoothStatus {
    /** How long something has to last before it shows, in milliseconds. */
    public static final long DELAY_MILLIS = 1_000;

    /** How long something shows at least, in milliseconds. */
    public static final long HOLD_MILLIS = 500;

    /** How long a connection has to be gone before it counts as lost, in milliseconds. */
    public static final long LOST_AFTER_MILLIS = 5_000;

    private final TimeSource time;
    private ClientStatus actual;
    private SyncStatus shown;
    private long shownAt;
    private @Nullable SyncStatus next;
    private long nextAt;
    /* When the connection went; -1 while there is one, or nobody wants one. */
    private long goneAt = -1;

    /** Begins with this status, as it is. */
    public SmoothStatus(ClientStatus first, TimeSource time) {
        this.time = time;
        this.actual = first;
        this.shown = first.sync();
        this.shownAt = time.millis() - HOLD_MILLIS;
        notice(first);
    }

    /** The client stands like this now; to be given to {@link SyncClient#onStatus}. */
    public synchronized void accept(ClientStatus status) {
        settle();
        actual = status;
        notice(status);
    }

    /** What to show of the writes. */
    public synchronized SyncStatus shown() {
        settle();
        return shown;
    }

    /** Whether there has been no connection for {@value #LOST_AFTER_MILLIS} ms; an ended one counts at once. */
    public synchronized boolean isConnectionLost() {
        return actual.connection() == ConnectionStatus.ERROR
                || goneAt >= 0 && time.millis() - goneAt >= LOST_AFTER_MILLIS;
    }

    /** In how many milliseconds one of the answers may change by itself; {@link Long#MAX_VALUE} if never. */
    public synchronized long nextChange() {
        settle();
        long now = time.millis();
        long wait = next == null ? Long.MAX_VALUE : nextAt - now;
        if (goneAt >= 0 && now - goneAt < LOST_AFTER_MILLIS) {
            wait = Math.min(wait, goneAt + LOST_AFTER_MILLIS - now);
        }
        return wait;
    }

    private void notice(ClientStatus status) {
        long now = time.millis();
        switch (status.connection()) {
            case CONNECTED, CLOSED -> goneAt = -1;
            default -> goneAt = goneAt < 0 ? now : goneAt;
        }
        SyncStatus to = status.sync();
        if (to == shown) {
            next = null;
        } else if (isUrgent(to)) {
            show(to, now);
        } else if (to != next) {
            // what was waiting to show keeps its turn: pending by turns of two names is pending all the while
            boolean goesOn = next != null && isPassing(next) && isPassing(to);
            nextAt = goesOn ? nextAt : isPassing(to) ? Math.max(now + DELAY_MILLIS, held()) : Math.max(now, held());
            next = to;
            settle();
        }
    }

    private void settle() {
        long now = time.millis();
        if (next != null && now >= nextAt) {
            show(next, now);
        }
    }

    private void show(SyncStatus status, long now) {
        shown = status;
        shownAt = now;
        next = null;
    }

    private long held() {
        return shownAt + HOLD_MILLIS;
    }

    /** Somebody has to act, so nothing is held back. */
    private static boolean isUrgent(SyncStatus status) {
        return status == SyncStatus.REJECTED || status == SyncStatus.BLOCKED;
    }

    /** May be over before anybody can read it. */
    private static boolean isPassing(SyncStatus status) {
        return status == SyncStatus.SYNCHRONIZING || status == SyncStatus.OFFLINE_PENDING;
    }
}
