package dev.rejoin.sync.dialect;

/**
 * What a stock provider says to the server, the same in both dialects but for the framing. Arrays belong to the message and
 * are not changed. Sources: y-protocols (PROTOCOL.md) and the packages y-websocket and @hocuspocus/provider.
 */
public sealed interface DialectMessage {
    /** What the client holds: an encoded state vector; asks for the rest. */
    record SyncStep1(byte[] stateVector) implements DialectMessage {}

    /** The answer to the server's {@link SyncStep1}: what the server lacks. */
    record SyncStep2(byte[] update) implements DialectMessage {}

    /** A change, in the first encoding of updates. */
    record Update(byte[] update) implements DialectMessage {}

    /** An awareness update, about the client itself or about others. */
    record Awareness(byte[] update) implements DialectMessage {}

    /** Asks for everybody's awareness. */
    record QueryAwareness() implements DialectMessage {}

    /**
     * Credentials for one document (Hocuspocus).
     *
     * @param providerVersion what the provider says of itself; empty before version 4
     */
    record Token(String token, String providerVersion) implements DialectMessage {}

    /** A message to the application that is not kept (Hocuspocus). */
    record Stateless(String payload) implements DialectMessage {}

    /** The client leaves one document (Hocuspocus 4). */
    record Leave() implements DialectMessage {}

    /** A sign of life that wants an answer (Hocuspocus 4); belongs to no document. */
    record Ping() implements DialectMessage {}

    /** The answer to the server's ping, which it never sends. */
    record Pong() implements DialectMessage {}
}
