package dev.rejoin.client.transport;

/** Opens connections. */
@FunctionalInterface
public interface Connector {
    /** Begins to open a connection; the listener hears how it goes. */
    void connect(ConnectionListener listener);
}
