package dev.rejoin.client.outbox;

import java.io.IOException;
import java.util.Optional;

/**
 * Where a client keeps what must survive it: a log of its steps, from time to time rewritten as one state.
 *
 * <p>Not thread-safe: one caller at a time, except that {@link #force} may run beside {@link #append}.
 */
public interface Outbox extends AutoCloseable {
    /** What was kept by the last client that used this outbox; empty if it is new. */
    Optional<SavedClient> load() throws IOException;

    /** Replaces everything by one state, durably: after a crash there is either what was before or this. */
    void rewrite(SavedClient state) throws IOException;

    /** Adds a step. It may be lost in a crash until {@link #force} has returned; steps are never reordered. */
    void append(OutboxRecord record) throws IOException;

    /** Makes all steps so far durable. */
    void force() throws IOException;

    /** Whether the log has grown so much that a {@link #rewrite} pays. */
    boolean wantsRewrite();

    /** Whether what is kept here survives the process. */
    boolean isDurable();

    /** Releases it for another client. */
    @Override
    void close() throws IOException;

    /** An outbox that keeps nothing beyond the process. */
    static Outbox memory() {
        return new MemoryOutbox();
    }
}
