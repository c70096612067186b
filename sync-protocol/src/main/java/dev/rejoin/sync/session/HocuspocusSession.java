package dev.rejoin.sync.session;

import dev.rejoin.sync.dialect.DialectMessage;
import dev.rejoin.sync.dialect.Framing;
import dev.rejoin.sync.dialect.HocuspocusFrames;
import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A connection of Hocuspocus providers, versions 2 to 4: many documents, each named in every frame.
 *
 * <p>A provider counts the changes it has sent and one status frame for each takes one away, so there is exactly one for every
 * change, when it is durable. One refused document never closes the socket, which other documents share.
 */
public final class HocuspocusSession extends ContentSession {
    private enum Decision {
        OPEN,
        ADMITTED,
        /** Nothing is said any more about the document until the provider shows another token. */
        REFUSED
    }

    private static final class Place {
        final int seat;
        final Framing framing;
        final ArrayDeque<DialectMessage> line = new ArrayDeque<>();
        Decision decision = Decision.OPEN;
        boolean readOnly;

        /** Has shown another token and waits for the word on it. */
        boolean tokenShown;

        Place(int seat, String address) {
            this.seat = seat;
            this.framing = new Framing(address);
        }
    }

    private final Waiting waiting;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Map<Integer, Place> bySeat = new HashMap<>();
    private int seats;
    private int undecided;
    private boolean opened;

    /** The session of a connection that was just upgraded. */
    public HocuspocusSession(ContentLimits limits, ContentEffects effects, long nowMillis) {
        super(limits, effects, nowMillis);
        this.waiting = new Waiting(limits);
    }

    @Override
    void accept(byte[] frame, long nowMillis) {
        HocuspocusFrames.Addressed addressed = HocuspocusFrames.decode(frame);
        DialectMessage message = addressed.message();
        if (message instanceof DialectMessage.Ping) {
            send(Framing.pong(), nowMillis);
            return;
        } else if (message instanceof DialectMessage.Pong) {
            return;
        }
        if (addressed.address().isEmpty()) {
            fail(FailureCode.BAD_DOCUMENT_NAME, "a document name must not be empty", nowMillis);
            return;
        }
        Place place = places.get(addressed.address());
        if (message instanceof DialectMessage.Token token) {
            show(token, place, addressed, nowMillis);
        } else if (message instanceof DialectMessage.Leave) {
            if (place != null) {
                leave(addressed.address(), place);
            }
        } else if (place == null) {
            // version 2 without a token does not introduce itself; and it speaks of its awareness after it has left
            if (message instanceof DialectMessage.SyncStep1) {
                open(addressed, "", message, nowMillis);
            }
        } else if (place.decision == Decision.OPEN) {
            line(place, message, nowMillis);
        } else if (place.decision == Decision.ADMITTED) {
            act(place, message);
        }
    }

    private void show(DialectMessage.Token token, @Nullable Place place, HocuspocusFrames.Addressed at, long now) {
        if (place == null) {
            open(at, token.token(), null, now);
        } else if (place.decision == Decision.ADMITTED) {
            place.tokenShown = true;
            effects.renew(place.seat, token.token());
        } else if (place.decision == Decision.REFUSED) {
            forget(at.address(), place);
            open(at, token.token(), null, now);
        }
    }

    private void open(HocuspocusFrames.Addressed at, String token, @Nullable DialectMessage first, long nowMillis) {
        if (places.size() >= limits.maxDocuments() || undecided >= limits.maxUndecided()) {
            fail(FailureCode.TOO_MANY_IN_FLIGHT, "too many documents on one connection", nowMillis);
            return;
        }
        Place place = new Place(++seats, at.address());
        places.put(at.address(), place);
        bySeat.put(place.seat, place);
        undecided++;
        Optional<String> flaw = DocumentName.flaw(at.document());
        if (flaw.isPresent()) {
            refuse(place, FailureCode.BAD_DOCUMENT_NAME, flaw.get(), nowMillis);
            return;
        }
        if (first == null || line(place, first, nowMillis)) {
            effects.open(place.seat, DocumentName.of(at.document()), token);
        }
    }

    private boolean line(Place place, DialectMessage message, long nowMillis) {
        if (waiting.add(place.line, message)) {
            return true;
        }
        fail(FailureCode.TOO_LARGE, "too much was sent before its document was open", nowMillis);
        return false;
    }

    private void act(Place place, DialectMessage message) {
        int seat = place.seat;
        if (message instanceof DialectMessage.SyncStep1 step) {
            effects.synchronise(seat, step.stateVector());
        } else if (message instanceof DialectMessage.SyncStep2 step) {
            effects.change(seat, step.update(), true);
        } else if (message instanceof DialectMessage.Update update) {
            effects.change(seat, update.update(), false);
        } else if (message instanceof DialectMessage.Awareness awareness) {
            effects.awareness(seat, awareness.update());
        } else if (message instanceof DialectMessage.QueryAwareness) {
            effects.queryAwareness(seat);
        } else if (message instanceof DialectMessage.Stateless stateless) {
            effects.stateless(seat, stateless.payload());
        }
    }

    private void leave(String address, Place place) {
        boolean taken = place.decision != Decision.REFUSED;
        forget(address, place);
        if (taken) {
            effects.leave(place.seat);
        }
    }

    private void forget(String address, Place place) {
        decided(place, Decision.REFUSED);
        places.remove(address);
        bySeat.remove(place.seat);
    }

    private void decided(Place place, Decision decision) {
        if (place.decision == Decision.OPEN) {
            undecided--;
        }
        place.decision = decision;
        if (decision == Decision.REFUSED) {
            waiting.clear(place.line);
        }
    }

    @Override
    void admit(int seat, boolean readOnly, byte[] stateVector, byte[] everybody, long nowMillis) {
        Place place = bySeat.get(seat);
        if (place == null || place.decision != Decision.OPEN) {
            return;
        }
        opened = true;
        decided(place, Decision.ADMITTED);
        place.readOnly = readOnly;
        send(place.framing.authenticated(readOnly), nowMillis);
        if (everybody.length > 0) {
            send(place.framing.awareness(everybody), nowMillis);
        }
        while (!place.line.isEmpty() && !isClosed()) {
            DialectMessage message = place.line.remove();
            waiting.removed(message);
            act(place, message);
        }
    }

    @Override
    void deny(int seat, FailureCode code, String message, long nowMillis) {
        Place place = bySeat.get(seat);
        if (place == null || place.decision == Decision.REFUSED) {
            return;
        }
        if (code.isRetryable()) {
            fail(code, message, nowMillis);
        } else {
            refuse(place, code, message, nowMillis);
        }
    }

    private void refuse(Place place, FailureCode code, String message, long nowMillis) {
        decided(place, Decision.REFUSED);
        send(
                place.framing.permissionDenied(message.isEmpty() ? code.label() : code.label() + ": " + message),
                nowMillis);
    }

    @Override
    public void state(int seat, byte[] update, byte[] stateVector, long nowMillis) {
        Place place = bySeat.get(seat);
        if (place != null && place.decision == Decision.ADMITTED) {
            answer(place.framing, update, nowMillis);
            relay(place.framing.syncStep1(stateVector), nowMillis);
        }
    }

    @Override
    public void settled(int seat, int changes, boolean applied, long nowMillis) {
        Place place = bySeat.get(seat);
        if (place == null || place.decision != Decision.ADMITTED) {
            return;
        }
        for (int i = 0; i < changes; i++) {
            relay(place.framing.syncStatus(applied), nowMillis);
        }
    }

    @Override
    public void access(int seat, boolean readOnly, long nowMillis) {
        Place place = bySeat.get(seat);
        if (place != null && place.decision == Decision.ADMITTED && (place.tokenShown || place.readOnly != readOnly)) {
            place.tokenShown = false;
            place.readOnly = readOnly;
            relay(place.framing.authenticated(readOnly), nowMillis);
        }
    }

    /** Providers before 3.3 pass over the question. */
    @Override
    public void tokenWanted(int seat, long nowMillis) {
        Place place = bySeat.get(seat);
        if (place != null && place.decision == Decision.ADMITTED) {
            relay(place.framing.tokenRequest(), nowMillis);
        }
    }

    @Override
    public void stateless(int seat, String payload, long nowMillis) {
        Place place = bySeat.get(seat);
        if (place != null && place.decision == Decision.ADMITTED) {
            relay(place.framing.stateless(payload), nowMillis);
        }
    }

    @Override
    public Framing framing(int seat) {
        Place place = bySeat.get(seat);
        return place == null ? Framing.Y_WEBSOCKET : place.framing;
    }

    /** The close code says it; there is no frame for the whole connection. */
    @Override
    void farewell(FailureCode code, String message, long nowMillis) {}

    @Override
    boolean isOpening() {
        return !opened;
    }

    @Override
    void signOfLife(long nowMillis) {
        for (Place place : places.values()) {
            if (place.decision == Decision.ADMITTED) {
                send(place.framing.signOfLife(), nowMillis);
                return;
            }
        }
    }
}
