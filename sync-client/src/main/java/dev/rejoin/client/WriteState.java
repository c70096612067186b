package dev.rejoin.client;

/** The life of one write. */
public enum WriteState {
    /** It shows here. */
    LOCAL,
    /** It survives a crash of this process and machine. */
    SAVED_LOCALLY,
    /** It is on its way to the server. */
    SENT,
    /**
     * It was sent to a server that has not answered, and the client is at another one, or that server no longer knows. State that other servers pass on may tell its outcome;
     * meanwhile it is on the list of rejections as {@code unknown-outcome}.
     */
    IN_DOUBT,
    /** The server has taken it. */
    ACCEPTED,
    /** It is on the disk of the server. */
    DURABLE,
    /** The server, or this client, has refused it; it no longer shows. */
    REJECTED
}
