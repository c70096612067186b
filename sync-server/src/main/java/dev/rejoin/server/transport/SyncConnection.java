package dev.rejoin.server.transport;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.room.Outlet;
import dev.rejoin.server.room.Rooms;
import dev.rejoin.server.room.Seat;
import dev.rejoin.sync.session.Admission;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.session.ServerEffects;
import dev.rejoin.sync.session.ServerSession;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.Progress;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.Update;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket on {@code /sync}: carries bytes between the socket, the {@link ServerSession} that decides what they mean, and
 * the {@link Seat} in the room. Decides nothing itself but when to stop reading.
 */
final class SyncConnection extends PeerConnection<ServerSession> implements ServerEffects {
    private final Rooms rooms;
    private final Doorkeeper doorkeeper;
    private final ConnectionGate gate;
    private final ProtocolLimits limits;
    private final java.util.function.LongSupplier wallClockMillis;

    private final ArrayDeque<Integer> unjudgedBytes = new ArrayDeque<>();
    private long unjudged;
    private Doorkeeper.@Nullable Permit permit;
    private @Nullable Seat seat;

    SyncConnection(
            Rooms rooms,
            Doorkeeper doorkeeper,
            ConnectionGate gate,
            TransportOptions options,
            ProtocolLimits limits,
            TransportObserver observer,
            java.util.function.LongSupplier wallClockMillis) {
        super(options, observer);
        this.rooms = rooms;
        this.doorkeeper = doorkeeper;
        this.gate = gate;
        this.limits = limits;
        this.wallClockMillis = wallClockMillis;
    }

    @Override
    ServerSession open(long nowMillis) {
        return new ServerSession(limits, rooms.logName(), this, wallClockMillis, nowMillis);
    }

    @Override
    void drained() {
        if (seat != null) {
            seat.drained();
        }
    }

    @Override
    void left() {
        if (permit != null) {
            permit.close();
        }
        if (seat != null) {
            seat.leave();
        }
    }

    @Override
    boolean awaitsVerdicts() {
        return !unjudgedBytes.isEmpty();
    }

    @Override
    public void hello(Hello hello, DocumentName document) {
        Version version;
        try {
            version = hello.version().length == 0 ? Version.EMPTY : Version.decode(hello.version());
        } catch (MalformedDeltaException e) {
            session().fail(FailureCode.MALFORMED, "the version does not decode: " + e.getMessage(), now());
            return;
        }
        PeerDeadline.met(context());
        permit = doorkeeper.open(
                new AccessRequest(document.value(), hello.token(), remoteAddress()),
                context().executor(),
                new Doorkeeper.Visitor() {
                    @Override
                    public void granted(Grant grant) {
                        if (!belongsTo(grant.principal(), gate)) {
                            session().fail(FailureCode.TOO_MANY_IN_FLIGHT, ConnectionGate.TOO_MANY, now());
                            return;
                        }
                        admit(hello, version, document, !grant.capability().includes(Capability.WRITE));
                    }

                    @Override
                    public void denied(Denied denied) {
                        session().fail(Doorkeeper.code(denied), denied.message(), now());
                    }
                });
    }

    private void admit(Hello hello, Version version, DocumentName document, boolean readOnly) {
        if (session().isClosed()) {
            return;
        }
        if (seat != null) {
            seat.access(readOnly);
            return;
        }
        Seat.Join join = new Seat.Join(
                ReplicaId.of(hello.replica()),
                hello.leaseKey(),
                hello.epoch(),
                version,
                hello.verdictsKnown(),
                readOnly,
                hello.sessionToken());
        seat = rooms.join(document, join, new Room());
    }

    @Override
    public void submit(byte[] fragment) {
        unjudgedBytes.add(fragment.length);
        unjudged += fragment.length;
        if (unjudged > options.inboundBudgetBytes()) {
            behind(true);
        }
        if (seat != null) {
            seat.submit(fragment);
        }
    }

    @Override
    public void progress(Progress progress) {
        if (seat != null) {
            seat.progress(progress.verdictsKnown());
        }
    }

    @Override
    public void await(Await question) {
        if (seat != null) {
            seat.await(question);
        }
    }

    @Override
    public void presence(byte[] payload) {
        if (seat != null) {
            seat.presence(payload);
        }
    }

    private void judged(int transactions) {
        for (int i = 0; i < transactions; i++) {
            Integer bytes = unjudgedBytes.poll();
            unjudged -= bytes == null ? 0 : bytes;
        }
        if (unjudged <= options.inboundBudgetBytes() / 2) {
            behind(false);
        }
    }

    /** What the room says; called on the room's loop. */
    private final class Room implements Outlet {
        @Override
        public boolean hasRoom() {
            return SyncConnection.this.hasRoom();
        }

        @Override
        public boolean mayCreate() {
            return SyncConnection.this.mayCreate();
        }

        @Override
        public void welcome(Admission admission, Update first) {
            cross(first.fragment().length, () -> session().welcome(admission, first, now()));
        }

        @Override
        public void update(Update update, int judged) {
            cross(update.fragment().length, () -> {
                judged(judged);
                session().update(update, judged, now());
            });
        }

        @Override
        public void relay(byte[] frame, Position position) {
            cross(frame.length, () -> session().relay(frame, position, now()));
        }

        @Override
        public void presence(long from, byte[] payload) {
            cross(payload.length, () -> session().presence(from, payload, now()));
        }

        @Override
        public void fail(FailureCode code, String message) {
            cross(0, () -> session().fail(code, message, now()));
        }
    }
}
