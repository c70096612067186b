package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.Failure;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Watermark;
import dev.rejoin.sync.wire.Welcome;
import java.util.List;

/**
 * What a {@link ClientSession} asks of those around it: the socket on one side, the document and its outbox on the
 * other. Calls come from within the call into the session that caused them, on its caller's thread.
 */
public interface ClientEffects {
    /** Send this as one binary message. */
    void send(byte[] frame);

    /** Close the socket with this WebSocket close code, after what has been sent. */
    void close(int closeCode, String reason);

    /**
     * The server has answered. Apply what has been settled in one step. Only after {@link Resume.Continued} does the
     * session go on; otherwise it is already closed, and the client opens another one with a new replica id.
     */
    void welcomed(Welcome welcome, Resume resume);

    /**
     * Confirmed state and verdicts, to be applied in one step.
     *
     * @param settled exactly one per pending transaction that the update acknowledges, in order
     */
    void update(Update update, List<Settlement> settled);

    /** The presence of another session; empty = it has left. */
    void presence(long session, byte[] payload);

    /** A sign of life: everything up to its position has been applied. */
    default void watermark(Watermark watermark) {}

    /**
     * This transaction is larger than the server takes, and was never sent. The client refuses it by itself
     * ({@code too-large}), and {@link PendingWrites} has a small transaction without effect, with the same own dots,
     * in its place when this returns.
     *
     * @param maxFragmentBytes what the server takes
     */
    void oversized(PendingWrite write, int maxFragmentBytes);

    /** The session has ended, by the server's word or because the server broke the protocol or fell silent. */
    void failed(Failure failure);
}
