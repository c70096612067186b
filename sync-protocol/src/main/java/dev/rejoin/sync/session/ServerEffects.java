package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Progress;

/**
 * What a {@link ServerSession} asks of those around it: the socket on one side, the room on the other. Calls come from
 * within the call into the session that caused them, on its caller's thread.
 */
public interface ServerEffects {
    /** Send this as one binary message. The array may be shared with other sessions and is not to be changed. */
    void send(byte[] frame);

    /**
     * Close the socket with this WebSocket close code, after what has been sent. The last call for this session, except
     * that a transport that closes by itself is never asked to.
     */
    void close(int closeCode, String reason);

    /**
     * A well-formed Hello with a valid document name. Find the room, which answers by {@link ServerSession#welcome} or
     * {@link ServerSession#fail}, now or later.
     */
    void hello(Hello hello, DocumentName document);

    /** One transaction, to be judged in this order; its verdict goes back by {@link ServerSession#update}. */
    void submit(byte[] fragment);

    /** The client reports how far it has come. */
    void progress(Progress progress);

    /** The session's presence has changed, already held to its rate; empty = none any more. */
    void presence(byte[] payload);

    /** The client asks to be told once the document is as fresh as this; the answer is relayed in a Watermark. */
    void await(Await await);

    /** The client leaves on purpose; {@link #close} follows. */
    default void goodbye() {}
}
