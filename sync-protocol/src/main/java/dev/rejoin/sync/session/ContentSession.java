package dev.rejoin.sync.session;

import dev.rejoin.sync.dialect.Framing;
import dev.rejoin.sync.dialect.MalformedFrameException;
import dev.rejoin.sync.wire.FailureCode;

/**
 * The server's end of one connection of a stock Yjs provider as a state machine: frames and time go in, {@link ContentEffects}
 * come out. The dialects differ in framing, in how a document is named, and in what they tell about a change.
 *
 * <p>It owns what can be decided without the documents: the order of messages, what may wait for an admission, signs of life in
 * both directions. Updates and state vectors pass through as opaque bytes.
 *
 * <p>Single-owner, no threads, no sockets, no clock: {@code nowMillis} is any monotonic clock in milliseconds, the same for all
 * calls. The owner calls {@link #tick} when {@link #nextDeadline} has come.
 */
public abstract sealed class ContentSession implements PeerSession permits YWebsocketSession, HocuspocusSession {
    final ContentLimits limits;
    final ContentEffects effects;
    private final long openedAt;
    private long heardAt;
    private long pingedAt;
    private long sentAt;
    private boolean closed;

    ContentSession(ContentLimits limits, ContentEffects effects, long nowMillis) {
        this.limits = limits;
        this.effects = effects;
        this.openedAt = nowMillis;
        this.heardAt = nowMillis;
        this.pingedAt = nowMillis;
        this.sentAt = nowMillis;
    }

    /** A binary message has arrived. Bad ones end the session; nothing is thrown for them. */
    @Override
    public final void received(byte[] frame, long nowMillis) {
        if (closed) {
            return;
        }
        heardAt = nowMillis;
        try {
            accept(frame, nowMillis);
        } catch (MalformedFrameException e) {
            fail(FailureCode.PROTOCOL_ERROR, String.valueOf(e.getMessage()), nowMillis);
        }
    }

    abstract void accept(byte[] frame, long nowMillis);

    /** A text message has arrived, which no dialect has. */
    @Override
    public final void receivedText(long nowMillis) {
        fail(FailureCode.PROTOCOL_ERROR, "messages must be binary", nowMillis);
    }

    /** Something else has arrived that shows that the peer lives. */
    @Override
    public final void heard(long nowMillis) {
        heardAt = nowMillis;
    }

    /** The rooms queue nothing for a peer that is behind, and what the session adds is small. */
    @Override
    public final void writable(boolean writable, long nowMillis) {}

    /** The socket has closed; nothing more comes out. */
    @Override
    public final void disconnected() {
        closed = true;
    }

    @Override
    public final boolean isClosed() {
        return closed;
    }

    /**
     * The seat is taken.
     *
     * @param readOnly whether changes will be refused
     * @param stateVector of the document as the server has it
     * @param everybody awareness update about who is there; empty if nobody is
     */
    public final void admitted(int seat, boolean readOnly, byte[] stateVector, byte[] everybody, long nowMillis) {
        if (!closed) {
            admit(seat, readOnly, stateVector, everybody, nowMillis);
        }
    }

    abstract void admit(int seat, boolean readOnly, byte[] stateVector, byte[] everybody, long nowMillis);

    /** The seat is refused, or taken away. */
    public final void denied(int seat, FailureCode code, String message, long nowMillis) {
        if (!closed) {
            deny(seat, code, message, nowMillis);
        }
    }

    abstract void deny(int seat, FailureCode code, String message, long nowMillis);

    /**
     * What the client lacks.
     *
     * @param update may be shared with other sessions
     * @param stateVector of the document as the server has it, to ask for what the server lacks
     */
    public abstract void state(int seat, byte[] update, byte[] stateVector, long nowMillis);

    /** So many changes of the seat are durable, or were refused. */
    public abstract void settled(int seat, int changes, boolean applied, long nowMillis);

    /** What the seat may do has changed. */
    public abstract void access(int seat, boolean readOnly, long nowMillis);

    /** What the seat may do ends soon, unless its bearer shows a fresh token. */
    public abstract void tokenWanted(int seat, long nowMillis);

    /** A message of the application for the seat. */
    public abstract void stateless(int seat, String payload, long nowMillis);

    /** How frames for this seat are written; two seats with equal framings can be sent the same frame. */
    public abstract Framing framing(int seat);

    /** Sends a frame that was written by {@link #framing} of a seat that is admitted, perhaps for many. */
    public final void relay(byte[] frame, long nowMillis) {
        if (!closed) {
            send(frame, nowMillis);
        }
    }

    /** Answers the client's question for what it lacks. */
    final void answer(Framing framing, byte[] update, long nowMillis) {
        if (!closed) {
            sentAt = nowMillis;
            effects.send(framing.syncStep2Head(update.length), update);
        }
    }

    /** Ends the session. Does nothing if it has ended already. */
    @Override
    public final void fail(FailureCode code, String message, long nowMillis) {
        if (closed) {
            return;
        }
        farewell(code, message, nowMillis);
        closed = true;
        effects.close(code.closeCode(), reason(code, message));
    }

    /** Says why, where the dialect has words for it. */
    abstract void farewell(FailureCode code, String message, long nowMillis);

    /** A close reason has at most 123 bytes; code and message are ASCII. */
    private static String reason(FailureCode code, String message) {
        String all = message.isEmpty() ? code.label() : code.label() + ": " + message;
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < all.length() && plain.length() < 120; i++) {
            char c = all.charAt(i);
            plain.append(c < 0x20 || c > 0x7e ? '?' : c);
        }
        return plain.toString();
    }

    /** Does what has become due: signs of life, silence, the deadline of the opening. */
    @Override
    public final void tick(long nowMillis) {
        if (closed) {
            return;
        }
        if (isOpening() && nowMillis - openedAt >= limits.openingMillis()) {
            fail(FailureCode.TIMEOUT, "no document was opened within " + limits.openingMillis() + " ms", nowMillis);
        } else if (nowMillis - heardAt >= limits.silenceMillis()) {
            fail(FailureCode.TIMEOUT, "nothing heard for " + limits.silenceMillis() + " ms", nowMillis);
        } else {
            if (nowMillis - Math.max(heardAt, pingedAt) >= limits.pingMillis()) {
                pingedAt = nowMillis;
                effects.ping();
            }
            if (nowMillis - sentAt >= limits.signOfLifeMillis()) {
                signOfLife(nowMillis);
                sentAt = nowMillis;
            }
        }
    }

    /** When {@link #tick} has something to do, on the caller's clock; {@link Long#MAX_VALUE} if never. */
    @Override
    public final long nextDeadline() {
        if (closed) {
            return Long.MAX_VALUE;
        }
        long due = Math.min(heardAt + limits.silenceMillis(), sentAt + limits.signOfLifeMillis());
        due = Math.min(due, Math.max(heardAt, pingedAt) + limits.pingMillis());
        return isOpening() ? Math.min(due, openedAt + limits.openingMillis()) : due;
    }

    /** Whether no document has let the connection in yet. */
    abstract boolean isOpening();

    abstract void signOfLife(long nowMillis);

    final void send(byte[] frame, long nowMillis) {
        sentAt = nowMillis;
        effects.send(frame);
    }
}
