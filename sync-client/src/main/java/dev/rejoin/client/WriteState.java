package dev.rejoin.client;

/** The life of one write. */
public enum WriteState {
    /** It shows here. */
    LOCAL,
    /** It survives a crash of this process and machine. */
    SAVED_LOCALLY,
    /** It is on its way to the server. */
    SENT,
    /** The server has taken it. */
    ACCEPTED,
    /** It is on the disk of the server. */
    DURABLE,
    /** The server, or this client, has refused it; it no longer shows. */
    REJECTED
}
