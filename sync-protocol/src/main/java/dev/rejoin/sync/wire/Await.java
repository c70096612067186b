package dev.rejoin.sync.wire;

import java.util.Arrays;

/**
 * Asks for an {@link Answer} once the document at the server is as fresh as this.
 *
 * @param id names the answer, at least 1
 * @param token a session token, sealed or not, not yet looked at; empty asks for nothing
 * @param level a read level as in the HTTP header {@code Consistency}; empty for {@code session}
 * @param timeoutMillis after this long the answer is that it is not
 */
@SuppressWarnings("ArrayRecordComponent") // equality is defined below; the bytes are handed through without a copy
public record Await(long id, byte[] token, String level, long timeoutMillis) implements ClientMessage {
    @Override
    public boolean equals(Object other) {
        return other instanceof Await that
                && id == that.id
                && Arrays.equals(token, that.token)
                && level.equals(that.level)
                && timeoutMillis == that.timeoutMillis;
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(id) + Arrays.hashCode(token);
    }

    @Override
    public String toString() {
        return "Await[id=" + id + ", token=" + token.length + " B, level=" + level + ", timeoutMillis=" + timeoutMillis
                + "]";
    }
}
