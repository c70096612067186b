package dev.rejoin.client;

/** How the connection of a client stands. */
public enum ConnectionStatus {
    /** The first attempt, or another one after a pause, is under way. */
    CONNECTING,
    /** The server has answered. */
    CONNECTED,
    /** Not connected; it tries again by itself, unless the client was told to go offline. */
    DISCONNECTED,
    /** Ended for good by the code in {@link ClientStatus#code()}; it does not try again by itself. */
    ERROR,
    /** The client has been closed. */
    CLOSED
}
