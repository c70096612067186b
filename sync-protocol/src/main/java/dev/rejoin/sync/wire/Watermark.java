package dev.rejoin.sync.wire;

/**
 * The heartbeat of a server.
 *
 * @param position everything up to here has been sent on this connection
 * @param serverTimeMillis wall clock of the server
 */
public record Watermark(Position position, long serverTimeMillis) implements ServerMessage {}
