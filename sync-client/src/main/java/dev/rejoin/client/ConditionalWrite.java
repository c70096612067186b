package dev.rejoin.client;

import dev.rejoin.crdt.Values;
import java.util.List;

/**
 * What has become of a write that was to happen only if a register still shows what an edit began with.
 *
 * <p>The condition is about what this client shows, pending writes included. What others write at the same moment is not known here yet: whoever loses is told by {@link
 * SyncClient#onSuperseded}. A condition that the server decides is {@code If-Match} over HTTP.
 */
public sealed interface ConditionalWrite {
    /** It was written. */
    record Written(WriteHandle handle) implements ConditionalWrite {}

    /**
     * It was not ({@code precondition-failed}), and these are to be merged, or one of them chosen.
     *
     * @param base what the edit began with
     * @param mine what was to be written
     * @param theirs what the register shows; {@link Values#NULL} if it is empty
     */
    record PreconditionFailed(Object base, Object mine, Object theirs) implements ConditionalWrite {}

    /**
     * Writes a last-writer-wins register if it shows this; for a register that is to be empty, {@link Values#NULL}.
     *
     * @param path the keys from the root to the register
     * @throws IllegalStateException if the client is closed, or its outbox has failed
     */
    static ConditionalWrite set(SyncClient client, List<String> path, Object base, Object mine) {
        Object expected = Values.canonical(base);
        return client.locked(() -> {
            Object theirs = client.read(
                    document -> OwnRegisters.register(document, path).optional().orElse(Values.NULL));
            return theirs.equals(expected)
                    ? new Written(client.write(
                            document -> OwnRegisters.register(document, path).set(mine)))
                    : new PreconditionFailed(expected, Values.canonical(mine), theirs);
        });
    }
}
