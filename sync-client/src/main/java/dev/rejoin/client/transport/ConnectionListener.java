package dev.rejoin.client.transport;

/** Hears from one connection, from any thread, one call at a time. */
public interface ConnectionListener {
    /** It is open. */
    void opened(Connection connection);

    /** A binary message has arrived. */
    void message(byte[] message);

    /** A part of a message has arrived. */
    default void part() {}

    /**
     * It has ended, or could not be opened; the last call.
     *
     * @param code WebSocket close code; 1006 if the other side sent none
     * @param reason for the log
     */
    void closed(int code, String reason);
}
