package dev.rejoin.client;

import dev.rejoin.crdt.Mutation;
import java.time.Instant;
import java.util.List;

/**
 * A refused write that the user has not dealt with; it survives restarts.
 *
 * @param id names it for {@link SyncClient#retry} and {@link SyncClient#discard}
 * @param code why, for programs: those of the server's validators, {@code clock-skew}, {@code unobserved-removal},
 *     {@code document-full}, and the client's own {@code epoch-changed}, {@code document-deleted}, {@code unknown-outcome}, {@code too-large}
 * @param message why, for people
 * @param mutations what it meant to do
 * @param at when the refusal was learned
 */
public record Rejection(long id, String code, String message, List<Mutation> mutations, Instant at) {
    /** Takes a copy of the list. */
    public Rejection {
        mutations = List.copyOf(mutations);
    }
}
