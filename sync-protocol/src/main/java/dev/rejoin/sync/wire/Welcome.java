package dev.rejoin.sync.wire;

import java.util.List;

/**
 * The first message of a server: what it knows of this client, and the limits of the session.
 *
 * @param epoch names this life of the document
 * @param session names this session in presence
 * @param position the update that follows brings the client to at least here
 * @param judgedThrough own dots of the client up to this counter have a durable verdict
 * @param chain chain checksum at {@code judgedThrough}
 * @param verdicts of transactions after {@link Hello#verdictsKnown()}, ascending
 * @param maxFrameBytes larger client frames are refused
 * @param maxInFlight transactions that may await their verdict
 * @param heartbeatMillis a side that hears nothing for 2.5 times this long closes
 * @param serverTimeMillis wall clock of the server
 * @param standing where the server stands, if the client keeps a session
 * @param behind whether the server lacks some of what the client's session has read and written
 * @param log names the log of the server as long as it exists, 0 if it does not say
 */
public record Welcome(
        long epoch,
        long session,
        Position position,
        long judgedThrough,
        int chain,
        List<Verdict> verdicts,
        int maxFrameBytes,
        int maxInFlight,
        int heartbeatMillis,
        long serverTimeMillis,
        Standing standing,
        boolean behind,
        long log)
        implements ServerMessage {
    public Welcome {
        verdicts = List.copyOf(verdicts);
    }

    /** To a client that keeps no session, by a server that does not say whose log it has. */
    public Welcome(
            long epoch,
            long session,
            Position position,
            long judgedThrough,
            int chain,
            List<Verdict> verdicts,
            int maxFrameBytes,
            int maxInFlight,
            int heartbeatMillis,
            long serverTimeMillis) {
        this(
                epoch,
                session,
                position,
                judgedThrough,
                chain,
                verdicts,
                maxFrameBytes,
                maxInFlight,
                heartbeatMillis,
                serverTimeMillis,
                Standing.NONE,
                false,
                0);
    }
}
