package dev.rejoin.client;

import dev.rejoin.crdt.clock.TimeSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An operation whose outcome has to be waited for, because it cannot be shown before: where it stands, and how that compares with what its kind usually takes. Made by {@link
 * OperationTimes#follow}. For any thread.
 */
public final class PendingOperation {
    /** Where an operation stands. */
    public enum State {
        /** Not begun. */
        QUEUED,
        /** Begun, and within its deadline. */
        IN_PROGRESS,
        /** It has succeeded; final. */
        SUCCEEDED,
        /** It has failed; final. */
        FAILED,
        /** Its deadline has passed and nothing is known; it may still succeed or fail. */
        UNKNOWN
    }

    private final String kind;
    private final OperationTimes times;
    private final TimeSource time;
    private final long deadlineMillis;
    private final Optional<Long> expectedMillis;
    private final Optional<Long> slowAfterMillis;
    private State state = State.QUEUED;
    private long startedAt;
    private @Nullable Throwable failure;

    PendingOperation(String kind, OperationTimes times, TimeSource time, long deadlineMillis) {
        if (deadlineMillis <= 0) {
            throw new IllegalArgumentException("deadline of " + deadlineMillis + " ms");
        }
        this.kind = kind;
        this.times = times;
        this.time = time;
        this.deadlineMillis = deadlineMillis;
        this.expectedMillis = times.expectedMillis(kind);
        this.slowAfterMillis = times.slowAfterMillis(kind);
    }

    /** The kind under which its duration is measured. */
    public String kind() {
        return kind;
    }

    /** It begins now; later calls do nothing. */
    public synchronized PendingOperation begin() {
        if (state == State.QUEUED) {
            state = State.IN_PROGRESS;
            startedAt = time.millis();
        }
        return this;
    }

    /** Where it stands. */
    public synchronized State state() {
        return state == State.IN_PROGRESS && time.millis() - startedAt >= deadlineMillis ? State.UNKNOWN : state;
    }

    /** When it began, wall clock in milliseconds; empty if it has not. */
    public synchronized Optional<Long> startedAt() {
        return startedAt == 0 ? Optional.empty() : Optional.of(startedAt);
    }

    /** What half of its kind took at most when it was made, in milliseconds; empty if too little was known. */
    public Optional<Long> expectedMillis() {
        return expectedMillis;
    }

    /** What 95 of 100 of its kind took at most when it was made, in milliseconds; empty if too little was known. */
    public Optional<Long> slowAfterMillis() {
        return slowAfterMillis;
    }

    /** Whether it is still under way after longer than 95 of 100 of its kind. */
    public synchronized boolean isSlow() {
        return state == State.IN_PROGRESS
                && slowAfterMillis.isPresent()
                && time.millis() - startedAt > slowAfterMillis.get();
    }

    /** Why it has failed: for a refused write a {@link WriteRejectedException}; empty while it has not. */
    public synchronized Optional<Throwable> failure() {
        return Optional.ofNullable(failure);
    }

    synchronized void end(@Nullable Throwable cause) {
        boolean succeeded = cause == null;
        failure = cause;
        if (state == State.IN_PROGRESS && succeeded) {
            times.record(kind, time.millis() - startedAt);
        }
        state = succeeded ? State.SUCCEEDED : State.FAILED;
    }
}
