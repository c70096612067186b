package dev.rejoin.server.transport;

/** One who counts what passes through the sockets. Called on the event loops; must neither block nor throw. */
public interface TransportObserver {
    /** Counts nothing. */
    TransportObserver SILENT = new TransportObserver() {};

    default void connectionOpened() {}

    default void connectionClosed() {}

    /** A socket was closed on accept because too many are open. */
    default void connectionRefused() {}

    /**
     * Somebody has used up a rate, and is made to wait or refused.
     *
     * @param of {@code address} or {@code principal}
     * @param what {@code connections}, {@code messages} or {@code documents}
     */
    default void rateLimited(String of, String what) {}

    /** A message of the application was not queued for an editor that does not keep up. */
    default void statelessDropped() {}

    default void bytesRead(long bytes) {}

    default void bytesWritten(long bytes) {}

    /** A peer missed a deadline or took nothing for too long. */
    default void peerTimedOut() {}

    default void sessionOpened() {}

    default void sessionClosed() {}

    default void httpRequest(int status) {}
}
