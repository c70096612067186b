package dev.rejoin.server.storage;

/** How much waits in front of a {@link LogWriter}. */
public enum Backlog {
    /** Appends are welcome. */
    OPEN,
    /**
     * Above the high mark: appends are still taken, but whoever reads from sockets stops reading until
     * {@link LogWriter#whenDrained} tells that the backlog is below the low mark again.
     */
    HIGH,
    /** At the bound: appends are refused. */
    FULL
}
