package dev.rejoin.client;

/** How the writes of a client stand. */
public enum SyncStatus {
    /** Nothing is pending and nothing refused. */
    SYNCHRONIZED,
    /** Connected, and writes or the confirmed state are on their way. */
    SYNCHRONIZING,
    /** Writes wait for a connection. */
    OFFLINE_PENDING,
    /** Writes wait and the connection has ended for good: somebody has to act. */
    BLOCKED,
    /** Nothing is pending; refusals wait to be dealt with. */
    REJECTED
}
