package dev.rejoin.sync.wire;

/**
 * The answer to a {@link Ping}.
 *
 * @param nonce that of the ping
 */
public record Pong(long nonce) implements ClientMessage, ServerMessage {}
