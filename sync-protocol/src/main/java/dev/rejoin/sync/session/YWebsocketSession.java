package dev.rejoin.sync.session;

import dev.rejoin.sync.dialect.DialectMessage;
import dev.rejoin.sync.dialect.Framing;
import dev.rejoin.sync.dialect.YWebsocketFrames;
import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayDeque;

/**
 * A connection of a y-websocket client, versions 1 to 4: one document, named by the path.
 *
 * <p>The dialect knows no acknowledgement; a change that comes back to its author is durable, which {@code @y/websocket} 4
 * shows as saved. A refusal is an auth message, which clients print, and every close code makes them try again.
 */
public final class YWebsocketSession extends ContentSession {
    private static final int SEAT = 1;

    private final Waiting waiting;
    private final ArrayDeque<DialectMessage> line = new ArrayDeque<>();
    private boolean admitted;
    private boolean toldReadOnly;

    /** The session of a connection that was just upgraded; asks for its document at once. */
    public YWebsocketSession(
            ContentLimits limits, ContentEffects effects, DocumentName document, String token, long nowMillis) {
        super(limits, effects, nowMillis);
        this.waiting = new Waiting(limits);
        effects.open(SEAT, document, token);
    }

    @Override
    void accept(byte[] frame, long nowMillis) {
        for (DialectMessage message : YWebsocketFrames.decode(frame)) {
            if (admitted) {
                act(message);
            } else if (!waiting.add(line, message)) {
                fail(FailureCode.TOO_LARGE, "too much was sent before the document was open", nowMillis);
                return;
            }
        }
    }

    private void act(DialectMessage message) {
        if (message instanceof DialectMessage.SyncStep1 step) {
            effects.synchronise(SEAT, step.stateVector());
        } else if (message instanceof DialectMessage.SyncStep2 step) {
            effects.change(SEAT, step.update(), true);
        } else if (message instanceof DialectMessage.Update update) {
            effects.change(SEAT, update.update(), false);
        } else if (message instanceof DialectMessage.Awareness awareness) {
            effects.awareness(SEAT, awareness.update());
        } else if (message instanceof DialectMessage.QueryAwareness) {
            effects.queryAwareness(SEAT);
        }
    }

    @Override
    void admit(int seat, boolean readOnly, byte[] stateVector, byte[] everybody, long nowMillis) {
        admitted = true;
        send(Framing.Y_WEBSOCKET.syncStep1(stateVector), nowMillis);
        if (everybody.length > 0) {
            send(Framing.Y_WEBSOCKET.awareness(everybody), nowMillis);
        }
        while (!line.isEmpty() && !isClosed()) {
            DialectMessage message = line.remove();
            waiting.removed(message);
            act(message);
        }
    }

    @Override
    void deny(int seat, FailureCode code, String message, long nowMillis) {
        fail(code, message, nowMillis);
    }

    @Override
    public void state(int seat, byte[] update, byte[] stateVector, long nowMillis) {
        answer(Framing.Y_WEBSOCKET, update, nowMillis);
    }

    @Override
    public void settled(int seat, int changes, boolean applied, long nowMillis) {
        if (!applied && !toldReadOnly) {
            toldReadOnly = true;
            relay(Framing.Y_WEBSOCKET.permissionDenied("read-only: the change was not taken"), nowMillis);
        }
    }

    @Override
    public void access(int seat, boolean readOnly, long nowMillis) {
        toldReadOnly = false;
    }

    /** The dialect knows tokens in the address only: the client shows another when it connects again. */
    @Override
    public void tokenWanted(int seat, long nowMillis) {}

    /** The dialect has no such message; whoever uses this clientele has no business with it. */
    @Override
    public void stateless(int seat, String payload, long nowMillis) {}

    @Override
    public Framing framing(int seat) {
        return Framing.Y_WEBSOCKET;
    }

    @Override
    void farewell(FailureCode code, String message, long nowMillis) {
        if (isForPeople(code)) {
            send(Framing.Y_WEBSOCKET.permissionDenied(code.label() + ": " + message), nowMillis);
        }
    }

    /** What whoever sits at the editor has to do something about; clients print what an auth message says. */
    private static boolean isForPeople(FailureCode code) {
        return switch (code) {
            case FORBIDDEN, NEEDS_AUTH, LINEAGE, DOCUMENT_DELETED, EQUIVOCATION, CONTENT_REJECTED -> true;
            default -> false;
        };
    }

    @Override
    boolean isOpening() {
        return !admitted;
    }

    @Override
    void signOfLife(long nowMillis) {
        if (admitted) {
            send(Framing.Y_WEBSOCKET.signOfLife(), nowMillis);
        }
    }
}
