package dev.rejoin.server.room;

/**
 * How many changes of one seat may be refused: so many at once, then one in so many milliseconds; beyond that it may only read, and who goes on writing is sent away.
 * A refusal that puts much back counts as several, since a few bytes can delete a whole document and everybody gets the copy.
 */
final class RejectionBudget {
    static final int REFUSALS_AT_ONCE = 64;
    static final long REFUSAL_MILLIS = 1_000;
    static final int BYTES_PER_REFUSAL = 64 << 10;

    /** Changes that are passed over after that before the seat is taken away. */
    static final int MAX_PASSED_OVER = 64;

    private long spentUntil = Long.MIN_VALUE / 2;
    private boolean exceeded;
    private int passedOver;

    /** One more was refused, which everybody is told in so many bytes; whether that is the one too many. */
    boolean spend(long nowMillis, int bytes) {
        long cost = (1 + bytes / BYTES_PER_REFUSAL) * REFUSAL_MILLIS;
        spentUntil = Math.max(spentUntil, nowMillis - REFUSALS_AT_ONCE * REFUSAL_MILLIS) + cost;
        if (exceeded || spentUntil <= nowMillis) {
            return false;
        }
        exceeded = true;
        return true;
    }

    /** Whether the seat may only read because of what it has written. */
    boolean isExceeded() {
        return exceeded;
    }

    /** One more change came although the seat may only read; whether it is to be taken away. */
    boolean passOver() {
        return exceeded && ++passedOver > MAX_PASSED_OVER;
    }
}
