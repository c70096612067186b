package dev.rejoin.server.transport;

import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket of a stock Yjs provider: carries bytes between the socket, the {@link ContentSession} that decides what they
 * mean, and the {@link ContentSeat}s in the rooms.
 */
final class EditorConnection extends PeerConnection<ContentSession> implements ContentEffects {
    /** Makes the session of one dialect. */
    @FunctionalInterface
    interface Dialect {
        ContentSession open(ContentEffects effects, long nowMillis);
    }

    private static final Logger LOG = LoggerFactory.getLogger(EditorConnection.class);

    private final Rooms rooms;
    private final Doorkeeper doorkeeper;
    private final ConnectionGate gate;
    private final StatelessListener listener;
    private final Dialect dialect;

    /** The leave that the upgrade was granted with; used for the document that it was for, and no longer. */
    private @Nullable Grant admission;

    private final Map<Integer, Place> places = new HashMap<>();
    private long unsettled;

    EditorConnection(
            Rooms rooms,
            Doorkeeper doorkeeper,
            ConnectionGate gate,
            StatelessListener listener,
            TransportOptions options,
            TransportObserver observer,
            @Nullable Grant admission,
            Dialect dialect) {
        super(options, observer);
        this.rooms = rooms;
        this.doorkeeper = doorkeeper;
        this.gate = gate;
        this.listener = listener;
        this.admission = admission;
        this.dialect = dialect;
    }

    @Override
    ContentSession open(long nowMillis) {
        PeerDeadline.met(context());
        return dialect.open(this, nowMillis);
    }

    @Override
    void drained() {
        places.values().forEach(Place::drained);
    }

    @Override
    void left() {
        places.values().forEach(Place::leave);
        places.clear();
    }

    @Override
    boolean awaitsVerdicts() {
        return places.values().stream().anyMatch(place -> !place.unsettled.isEmpty());
    }

    @Override
    public void open(int seat, DocumentName document, String token) {
        Place place = new Place(seat, document);
        places.put(seat, place);
        AccessRequest request = new AccessRequest(document.value(), token, remoteAddress());
        Grant granted = admission;
        admission = null;
        place.permit = granted == null
                ? doorkeeper.open(request, context().executor(), place)
                : doorkeeper.open(request, granted, context().executor(), place);
    }

    @Override
    public void renew(int seat, String token) {
        Place place = places.get(seat);
        if (place != null && place.permit != null) {
            place.permit.renew(token);
        }
    }

    @Override
    public void synchronise(int seat, byte[] stateVector) {
        with(seat, room -> room.synchronise(stateVector));
    }

    @Override
    public void change(int seat, byte[] update, boolean answer) {
        Place place = places.get(seat);
        if (place == null || place.seat == null) {
            return;
        }
        place.unsettled.add(update.length);
        unsettled += update.length;
        if (unsettled > options.inboundBudgetBytes()) {
            behind(true);
        }
        place.seat.change(update, answer);
    }

    @Override
    public void awareness(int seat, byte[] update) {
        with(seat, room -> room.awareness(update));
    }

    @Override
    public void queryAwareness(int seat) {
        with(seat, ContentSeat::queryAwareness);
    }

    /** What it throws is the application's mistake, and none of the peer's. */
    @Override
    public void stateless(int seat, String payload) {
        Place place = places.get(seat);
        if (place == null || place.held == null) {
            return;
        }
        Grant held = place.held;
        boolean mayWrite = held.capability().includes(Capability.WRITE);
        try {
            listener.received(
                    new StatelessMessage(place.document, held.principal(), mayWrite, payload, place::stateless));
        } catch (RuntimeException failure) {
            LOG.error("the listener to stateless messages failed", failure);
        }
    }

    @Override
    public void leave(int seat) {
        gone(seat);
    }

    private void with(int seat, Consumer<ContentSeat> call) {
        Place place = places.get(seat);
        if (place != null && place.seat != null) {
            call.accept(place.seat);
        }
    }

    private void gone(int seat) {
        Place place = places.remove(seat);
        if (place != null) {
            place.leave();
            settled(place, place.unsettled.size());
        }
    }

    private void settled(Place place, int changes) {
        for (int i = 0; i < changes; i++) {
            Integer bytes = place.unsettled.poll();
            unsettled -= bytes == null ? 0 : bytes;
        }
        if (unsettled <= options.inboundBudgetBytes() / 2) {
            behind(false);
        }
    }

    /**
     * One document on this connection: what the doorkeeper says of it, on the socket's loop, and what its room says, on the
     * room's.
     */
    private final class Place implements ContentOutlet, Crossing.Listener, Doorkeeper.Visitor {
        private final int number;
        private final DocumentName document;
        private final ArrayDeque<Integer> unsettled = new ArrayDeque<>();
        private Doorkeeper.@Nullable Permit permit;
        private @Nullable ContentSeat seat;
        private @Nullable Grant held;
        private boolean left;

        Place(int number, DocumentName document) {
            this.number = number;
            this.document = document;
        }

        @Override
        public void granted(Grant grant) {
            if (session().isClosed() || left) {
                return;
            }
            if (!belongsTo(grant.principal(), gate)) {
                refuse(FailureCode.TOO_MANY_IN_FLIGHT, ConnectionGate.TOO_MANY);
                return;
            }
            held = grant;
            boolean readOnly = !grant.capability().includes(Capability.WRITE);
            if (seat == null) {
                seat = rooms.join(document, session().framing(number), readOnly, this);
            } else {
                seat.access(readOnly);
            }
        }

        @Override
        public void denied(Denied denied) {
            if (!left) {
                refuse(Doorkeeper.code(denied), denied.message());
            }
        }

        private void refuse(FailureCode code, String message) {
            session().denied(number, code, message, now());
            gone(number);
            rearm();
        }

        @Override
        public void expiring() {
            session().tokenWanted(number, now());
            rearm();
        }

        void drained() {
            if (seat != null) {
                seat.drained();
            }
        }

        void leave() {
            left = true;
            if (permit != null) {
                permit.close();
            }
            if (seat != null) {
                seat.leave();
            }
        }

        @Override
        public boolean hasRoom() {
            return EditorConnection.this.hasRoom();
        }

        @Override
        public void admitted(boolean readOnly, byte[] stateVector, byte[] everybody) {
            cross(stateVector.length + everybody.length, () -> {
                session().admitted(number, readOnly, stateVector, everybody, now());
            });
        }

        @Override
        public void state(byte[] update, byte[] stateVector) {
            cross(update.length, () -> session().state(number, update, stateVector, now()));
        }

        @Override
        public void relay(byte[] frame) {
            EditorConnection.this.relay(frame, this);
        }

        @Override
        public void relayed(byte[] frame) {
            if (!left) {
                session().relay(frame, now());
            }
        }

        @Override
        public void settled(int changes, boolean applied) {
            cross(0, () -> {
                EditorConnection.this.settled(this, changes);
                session().settled(number, changes, applied, now());
            });
        }

        @Override
        public void access(boolean readOnly) {
            cross(0, () -> session().access(number, readOnly, now()));
        }

        @Override
        public String user() {
            return held == null ? "" : held.principal().id();
        }

        @Override
        public boolean mayCreate() {
            return EditorConnection.this.mayCreate();
        }

        @Override
        public boolean stateless(String payload) {
            if (!hasRoom()) {
                observer.statelessDropped();
                return false;
            }
            cross(payload.length(), () -> session().stateless(number, payload, now()));
            return true;
        }

        @Override
        public void denied(FailureCode code, String message) {
            cross(0, () -> refuse(code, message));
        }
    }
}
