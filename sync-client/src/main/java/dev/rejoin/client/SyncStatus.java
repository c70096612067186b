package dev.rejoin.client;

/** How the writes of a client stand. */
public enum SyncStatus {
    /** Nothing is pending and nothing refused, and a server has confirmed that since the client was built. */
    SYNCHRONIZED,
    /** Writes or the confirmed state are on their way, or no server has been heard yet. */
    SYNCHRONIZING,
    /** Writes wait for a connection. */
    OFFLINE_PENDING,
    /** Writes wait and the connection has ended for good: somebody has to act. */
    BLOCKED,
    /** Nothing is pending; refusals wait to be dealt with. */
    REJECTED
}
