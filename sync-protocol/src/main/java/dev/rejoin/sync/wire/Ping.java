package dev.rejoin.sync.wire;

/**
 * Asks the other side for a sign of life.
 *
 * @param nonce comes back in the {@link Pong}
 */
public record Ping(long nonce) implements ClientMessage, ServerMessage {}
