package dev.rejoin.client;

import dev.rejoin.crdt.Mutation;
import java.time.Instant;
import java.util.List;

/**
 * A refused write that the user has not dealt with; it survives restarts.
 *
 * @param id names it for {@link SyncClient#retry}, {@link SyncClient#editAndRetry} and {@link SyncClient#discard}
 * @param code why, for programs: those of the server's validators, {@code clock-skew}, {@code unobserved-removal},
 *     {@code document-full}, and the client's own {@code epoch-changed}, {@code document-deleted}, {@code unknown-outcome}, {@code voided}, {@code dependency-rejected},
 *     {@code too-large}
 * @param message why, for people
 * @param mutations what it meant to do
 * @param at when the refusal was learned
 */
public record Rejection(long id, String code, String message, List<Mutation> mutations, Instant at) {
    /** Takes a copy of the list. */
    public Rejection {
        mutations = List.copyOf(mutations);
    }

    /** What can be done about it. */
    public RetryClass retryClass() {
        return RetryClass.of(code);
    }

    /**
     * As a JSON object with {@code id}, {@code code}, {@code message}, {@code at} (ISO 8601), and {@code mutations}, each a list of path, type, operation and value. Values are written
     * as the server's HTTP interface writes them: bytes as {@code {"$bytes": "<base64>"}}, numbers that JSON has no form for as {@code {"$double": "NaN"}}.
     */
    public String toJson() {
        JsonText out = new JsonText();
        out.begin().field("id").number(id);
        out.field("code").string(code);
        out.field("message").string(message);
        out.field("at").string(at.toString());
        out.field("mutations").value(mutations.stream().map(Mutation::toValue).toList());
        return out.end();
    }
}
