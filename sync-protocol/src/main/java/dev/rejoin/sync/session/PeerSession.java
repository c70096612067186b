package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.FailureCode;

/**
 * The server's end of one connection as its socket sees it, whatever is spoken. Single-owner, no threads, no sockets, no clock:
 * {@code nowMillis} is any monotonic clock in milliseconds, the same for all calls.
 */
public sealed interface PeerSession permits ServerSession, ContentSession {
    /** A binary message has arrived. Bad ones end the session; nothing is thrown for them. */
    void received(byte[] frame, long nowMillis);

    /** A text message has arrived, which ends the session: none speaks in texts. */
    void receivedText(long nowMillis);

    /** Something else shows that the peer lives. */
    void heard(long nowMillis);

    /** The socket takes more, or does not. */
    void writable(boolean writable, long nowMillis);

    /** The socket has closed; nothing more comes out. */
    void disconnected();

    /** Ends the session. Does nothing if it has ended already. */
    void fail(FailureCode code, String message, long nowMillis);

    /** Does what has become due. */
    void tick(long nowMillis);

    /** When {@link #tick} has something to do, on the caller's clock; {@link Long#MAX_VALUE} if never. */
    long nextDeadline();

    boolean isClosed();
}
