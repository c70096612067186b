package dev.rejoin.sync.wire;

/**
 * The heartbeat of a server.
 *
 * @param position everything up to here has been sent on this connection
 * @param serverTimeMillis wall clock of the server
 * @param standing where the server stands, if that is news
 */
public record Watermark(Position position, long serverTimeMillis, Standing standing) implements ServerMessage {
    /** A mere sign of life. */
    public Watermark(Position position, long serverTimeMillis) {
        this(position, serverTimeMillis, Standing.NONE);
    }
}
