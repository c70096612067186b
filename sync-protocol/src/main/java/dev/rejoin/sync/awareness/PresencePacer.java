package dev.rejoin.sync.awareness;

import java.util.Optional;

/**
 * A gate that lets one sender's presence through at a bounded rate; between two passes only the newest payload waits.
 *
 * <p>Time comes in with each call, in milliseconds of one monotonic clock. Single-owner, O(1).
 */
public final class PresencePacer {
    private final long intervalMillis;
    private final int burst;
    private long spentUntil = Long.MIN_VALUE / 2;
    private byte[] waiting = {};
    private boolean isWaiting;

    /**
     * A gate with a rate.
     *
     * @param perSecond passes per second on average, and at once after a second of quiet
     */
    public PresencePacer(int perSecond) {
        if (perSecond < 1 || perSecond > 1_000) {
            throw new IllegalArgumentException("perSecond must be 1 to 1000, not " + perSecond);
        }
        this.intervalMillis = 1_000 / perSecond;
        this.burst = perSecond;
    }

    /** Puts a payload before the gate, in place of one that still waits there. The array is not copied. */
    public void offer(byte[] payload) {
        waiting = payload;
        isWaiting = true;
    }

    /** Takes the waiting payload if it may pass now. */
    public Optional<byte[]> poll(long nowMillis) {
        if (!isWaiting || nowMillis < nextDeadline()) {
            return Optional.empty();
        }
        spentUntil = Math.max(spentUntil, nowMillis - (burst - 1) * intervalMillis) + intervalMillis;
        isWaiting = false;
        byte[] payload = waiting;
        waiting = new byte[0];
        return Optional.of(payload);
    }

    /** When the waiting payload may pass; {@link Long#MAX_VALUE} if none waits. */
    public long nextDeadline() {
        return isWaiting ? spentUntil : Long.MAX_VALUE;
    }
}
