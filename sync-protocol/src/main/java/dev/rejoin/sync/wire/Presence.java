package dev.rejoin.sync.wire;

import java.util.Arrays;

/**
 * The ephemeral state of one session; never stored.
 *
 * @param session names the session; set by the server, 0 from clients
 * @param payload an encoded value; empty when the session has left. Neither copied nor to be changed afterwards
 */
@SuppressWarnings("ArrayRecordComponent")
public record Presence(long session, byte[] payload) implements ClientMessage, ServerMessage {
    @Override
    public boolean equals(Object other) {
        return other instanceof Presence that && session == that.session && Arrays.equals(payload, that.payload);
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(session) + Arrays.hashCode(payload);
    }

    @Override
    public String toString() {
        return "Presence[" + String.format("%016x", session) + ", " + payload.length + " B]";
    }
}
