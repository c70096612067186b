package dev.rejoin.server.transport;

import dev.rejoin.server.room.ContentOutlet;
import dev.rejoin.server.room.ContentSeat;
import dev.rejoin.server.room.Rooms;
import dev.rejoin.sync.session.ContentEffects;
import dev.rejoin.sync.session.ContentSession;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One WebSocket of a stock Yjs provider: carries bytes between the socket, the {@link ContentSession} that decides what they
 * mean, and the {@link ContentSeat}s in the rooms.
 */
final class EditorConnection extends PeerConnection implements ContentEffects {
    /** Makes the session of one dialect. */
    @FunctionalInterface
    interface Dialect {
        ContentSession open(ContentEffects effects, long nowMillis);
    }

    private final Rooms rooms;
    private final Dialect dialect;
    private final Map<Integer, Place> places = new HashMap<>();
    private long unsettled;
    private ContentSession session;

    @SuppressWarnings("NullAway.Init") // set when the socket is open, before anything else is called
    EditorConnection(Rooms rooms, TransportOptions options, TransportObserver observer, Dialect dialect) {
        super(options, observer);
        this.rooms = rooms;
        this.dialect = dialect;
    }

    @Override
    void opened(long nowMillis) {
        PeerDeadline.met(context());
        session = dialect.open(this, nowMillis);
    }

    @Override
    void message(byte[] message, long nowMillis) {
        session.received(message, nowMillis);
    }

    @Override
    void textMessage(long nowMillis) {
        session.receivedText(nowMillis);
    }

    @Override
    void pong(long nowMillis) {
        session.heard(nowMillis);
    }

    @Override
    void fail(FailureCode code, String message, long nowMillis) {
        session.fail(code, message, nowMillis);
    }

    /** The rooms queue nothing for a peer that is behind, and what the session adds is small. */
    @Override
    void writable(boolean writable, long nowMillis) {}

    @Override
    void drained() {
        places.values().forEach(place -> place.seat.drained());
    }

    @Override
    void left() {
        places.values().forEach(place -> place.seat.leave());
        places.clear();
    }

    @Override
    void disconnected() {
        session.disconnected();
    }

    @Override
    void sessionTick(long nowMillis) {
        session.tick(nowMillis);
    }

    @Override
    long nextDeadline() {
        return session.nextDeadline();
    }

    @Override
    boolean isSessionClosed() {
        return session.isClosed();
    }

    @Override
    public void open(int seat, DocumentName document, String token) {
        // the session is being made when y-websocket asks
        context().executor().execute(() -> {
            if (!session.isClosed()) {
                Place place = new Place(seat);
                place.seat = rooms.join(document, session.framing(seat), false, place);
                places.put(seat, place);
            }
        });
    }

    @Override
    public void renew(int seat, String token) {}

    @Override
    public void synchronise(int seat, byte[] stateVector) {
        with(seat, place -> place.seat.synchronise(stateVector));
    }

    @Override
    public void change(int seat, byte[] update, boolean answer) {
        with(seat, place -> {
            place.unsettled.add(update.length);
            unsettled += update.length;
            if (unsettled > options.inboundBudgetBytes()) {
                read(false);
            }
            place.seat.change(update, answer);
        });
    }

    @Override
    public void awareness(int seat, byte[] update) {
        with(seat, place -> place.seat.awareness(update));
    }

    @Override
    public void queryAwareness(int seat) {
        with(seat, place -> place.seat.queryAwareness());
    }

    @Override
    public void stateless(int seat, String payload) {}

    @Override
    public void leave(int seat) {
        with(seat, place -> place.seat.leave());
        gone(seat);
    }

    private void with(int seat, Consumer<Place> call) {
        Place place = places.get(seat);
        if (place != null) {
            call.accept(place);
        }
    }

    private void gone(int seat) {
        Place place = places.remove(seat);
        if (place != null) {
            settled(place, place.unsettled.size());
        }
    }

    private void settled(Place place, int changes) {
        for (int i = 0; i < changes; i++) {
            Integer bytes = place.unsettled.poll();
            unsettled -= bytes == null ? 0 : bytes;
        }
        if (unsettled <= options.inboundBudgetBytes() / 2) {
            read(true);
        }
    }

    /** One document on this connection, and what its room says; called on the room's loop. */
    private final class Place implements ContentOutlet {
        private final int number;
        private final ArrayDeque<Integer> unsettled = new ArrayDeque<>();
        private ContentSeat seat;

        @SuppressWarnings("NullAway.Init") // set at once by the one who makes it
        Place(int number) {
            this.number = number;
        }

        @Override
        public boolean hasRoom() {
            return EditorConnection.this.hasRoom();
        }

        @Override
        public void admitted(boolean readOnly, byte[] stateVector, byte[] everybody) {
            cross(stateVector.length + everybody.length, () -> {
                session.admitted(number, readOnly, stateVector, everybody, now());
            });
        }

        @Override
        public void state(byte[] update, byte[] stateVector) {
            cross(update.length, () -> session.state(number, update, stateVector, now()));
        }

        @Override
        public void relay(byte[] frame) {
            cross(frame.length, () -> {
                if (places.containsKey(number)) {
                    session.relay(frame, now());
                }
            });
        }

        @Override
        public void settled(int changes, boolean applied) {
            cross(0, () -> {
                EditorConnection.this.settled(this, changes);
                session.settled(number, changes, applied, now());
            });
        }

        @Override
        public void access(boolean readOnly) {
            cross(0, () -> session.access(number, readOnly, now()));
        }

        @Override
        public void stateless(String payload) {
            cross(payload.length(), () -> session.stateless(number, payload, now()));
        }

        @Override
        public void denied(FailureCode code, String message) {
            cross(0, () -> {
                session.denied(number, code, message, now());
                gone(number);
            });
        }
    }
}
