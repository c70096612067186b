package dev.rejoin.consistency.probe;

import java.util.Optional;

/**
 * How the waiting for a write has ended.
 *
 * @param outcome how
 * @param detail who has overwritten it, or the code of its refusal
 * @param lastFailure of a timeout: what the last look failed with, if it did
 * @param looks how many looks it took
 * @param waitedMillis how long it took
 */
public record ProbeResult(
        Outcome outcome, String detail, Optional<Throwable> lastFailure, int looks, long waitedMillis) {
    /** The ways to end. */
    public enum Outcome {
        /** The read model shows it. */
        VISIBLE,
        /** The read model shows something newer. */
        SUPERSEDED,
        /** It was refused. */
        REJECTED,
        /** The budget is used up; it may still come. */
        TIMEOUT,
        /** As many probes run as may; nobody has looked. */
        OVERLOADED
    }
}
