package dev.rejoin.server.replication;

/** Whoever is at this end of a {@link Line}. Called on the loop of the replication. */
public interface LineEnd {
    /** A message has come. */
    void received(byte[] frame);

    /** The line has room again. */
    void drained();

    /** The line is gone; nothing more comes. */
    void closed();
}
