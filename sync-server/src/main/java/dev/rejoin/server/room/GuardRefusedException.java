package dev.rejoin.server.room;

import dev.rejoin.consistency.session.ReadOutcome;

/** A write was not admitted, because not everything is here that it must not come before. Nothing has happened. */
public final class GuardRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient ReadOutcome outcome;

    GuardRefusedException(ReadOutcome outcome) {
        super("the guard says " + outcome.label());
        this.outcome = outcome;
    }

    /** What the guard has decided: redirected or failed. */
    public ReadOutcome outcome() {
        return outcome;
    }
}
