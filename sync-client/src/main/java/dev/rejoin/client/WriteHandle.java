package dev.rejoin.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * One write, to be followed on its way. Futures complete on the client's own thread, so what depends on them should be
 * quick or go elsewhere; they are copies, completing them by hand changes nothing.
 */
public final class WriteHandle {
    private final CompletableFuture<Void> savedLocally = new CompletableFuture<>();
    private final CompletableFuture<Void> accepted = new CompletableFuture<>();
    private final CompletableFuture<Void> durable = new CompletableFuture<>();
    private final CompletableFuture<Rejection> rejection = new CompletableFuture<>();
    private volatile WriteState state = WriteState.LOCAL;

    WriteHandle() {}

    /** How far it has come. */
    public WriteState state() {
        return state;
    }

    /** Completes when it survives a crash here; without an outbox file that is when the server has it. */
    public CompletableFuture<Void> savedLocally() {
        return savedLocally.copy();
    }

    /** Completes when the server has taken it; fails with {@link WriteRejectedException} if it refuses. */
    public CompletableFuture<Void> accepted() {
        return accepted.copy();
    }

    /**
     * Completes when it is on the server's disk; fails with {@link WriteRejectedException} if the server refuses. A server that
     * keeps its documents in memory never says so; see {@link #accepted}.
     */
    public CompletableFuture<Void> durable() {
        return durable.copy();
    }

    /** Completes if it is refused, and otherwise never. */
    public CompletableFuture<Rejection> rejection() {
        return rejection.copy();
    }

    /**
     * Completes, never with a failure, with the state of the write: when it is durable or refused, or at the latest after this time. A write that waits for a
     * connection, or for the disk of a server that has none, does so as it stands then.
     *
     * @throws IllegalArgumentException if the timeout is negative
     */
    public CompletableFuture<WriteState> settled(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("negative: " + timeout);
        }
        return durable.copy()
                .completeOnTimeout(null, timeout.toMillis(), TimeUnit.MILLISECONDS)
                .handle((done, refused) -> state);
    }

    void advance(WriteState to) {
        if (to.compareTo(state) > 0) {
            state = to;
        }
    }

    /** Completes what the state implies; not to be called under a lock. */
    void announce() {
        WriteState now = state;
        if (now.compareTo(WriteState.SAVED_LOCALLY) >= 0 && now != WriteState.SENT) {
            savedLocally.complete(null);
        }
        if (now == WriteState.ACCEPTED || now == WriteState.DURABLE) {
            accepted.complete(null);
        }
        if (now == WriteState.DURABLE) {
            durable.complete(null);
        }
    }

    void reject(Rejection why) {
        state = WriteState.REJECTED;
        WriteRejectedException refusal = new WriteRejectedException(why);
        savedLocally.complete(null);
        accepted.completeExceptionally(refusal);
        durable.completeExceptionally(refusal);
        rejection.complete(why);
    }
}
