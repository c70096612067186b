package dev.rejoin.server.room;

/** How many changes of one seat may be refused: so many at once, then one in so many milliseconds; beyond that it may only read, and who goes on writing is sent away. */
final class RejectionBudget {
    static final int REFUSALS_AT_ONCE = 64;
    static final long REFUSAL_MILLIS = 1_000;

    /** Changes that are passed over after that before the seat is taken away. */
    static final int MAX_PASSED_OVER = 64;

    private long spentUntil = Long.MIN_VALUE / 2;
    private boolean exceeded;
    private int passedOver;

    /** One more was refused; whether that is the one too many. */
    boolean spend(long nowMillis) {
        spentUntil = Math.max(spentUntil, nowMillis - REFUSALS_AT_ONCE * REFUSAL_MILLIS) + REFUSAL_MILLIS;
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
