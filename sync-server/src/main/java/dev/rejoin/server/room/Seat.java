package dev.rejoin.server.room;

import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.sync.wire.Answer;
import dev.rejoin.sync.wire.Await;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The place of one session in a room, and the way from the session to the room. The public methods may be called from any
 * one thread; they take effect in that order, on the room's loop.
 */
public final class Seat {
    private final RoomLoop loop;
    final Outlet outlet;
    final Join join;

    /* From here on touched on the loop only. */
    @Nullable
    Room room;

    @Nullable
    Lease lease;

    long session;
    boolean admitted;
    boolean over;
    boolean behind;
    boolean readOnly;
    Version had = Version.EMPTY;
    Verdicts unsent = new Verdicts();
    byte[] presence = {};

    /** Writes wait until what the session holds is here; as many as may be in flight. */
    boolean holdsBack;

    final ArrayDeque<byte[]> heldBack = new ArrayDeque<>();

    /** Whether it keeps track of what it reads and writes over all servers. */
    boolean keepsSession;

    /** Questions that have no answer yet. */
    int asked;

    /** What it is told when it keeps up again. */
    final List<Answer> unanswered = new ArrayList<>();

    Seat(RoomLoop loop, Outlet outlet, Join join) {
        this.loop = loop;
        this.outlet = outlet;
        this.join = join;
        this.readOnly = join.readOnly();
        this.keepsSession = join.sessionToken().length > 0;
    }

    /** Offers one transaction for judgement. */
    public void submit(byte[] fragment) {
        enter(room -> room.submit(this, fragment));
    }

    /** The replica durably knows all verdicts up to here. */
    public void progress(long verdictsKnown) {
        enter(room -> room.progress(this, verdictsKnown));
    }

    /** Asks to be told once the document is as fresh as this. */
    public void await(Await question) {
        enter(room -> room.await(this, question));
    }

    /** Passes presence on to the other sessions. */
    public void presence(byte[] payload) {
        enter(room -> room.presence().show(this, payload));
    }

    /** What the session may do has changed. */
    public void access(boolean nowReadOnly) {
        loop.execute(() -> readOnly = nowReadOnly);
    }

    /** The peer keeps up again. */
    public void drained() {
        enter(room -> room.relay().drained(this));
    }

    /** The session has ended, for whatever reason. */
    public void leave() {
        loop.execute(() -> {
            over = true;
            if (room != null) {
                room.leave(this);
            }
        });
    }

    private void enter(Visit visit) {
        loop.execute(() -> {
            if (room != null && admitted && !over) {
                visit.to(room);
            }
        });
    }

    @FunctionalInterface
    private interface Visit {
        void to(Room room);
    }

    /**
     * What a session asks for.
     *
     * @param replica under which it writes
     * @param leaseKey whoever knows it may continue the replica
     * @param epoch of the state it holds; 0 = none
     * @param version of the state it holds
     * @param verdictsKnown it durably knows the verdicts up to here
     * @param readOnly whether its transactions are refused
     * @param sessionToken what it has read and written at any server, not yet looked at; empty if it keeps no session
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Join(
            ReplicaId replica,
            byte[] leaseKey,
            long epoch,
            Version version,
            long verdictsKnown,
            boolean readOnly,
            byte[] sessionToken) {
        /** Of a client that keeps no session. */
        public Join(
                ReplicaId replica, byte[] leaseKey, long epoch, Version version, long verdictsKnown, boolean readOnly) {
            this(replica, leaseKey, epoch, version, verdictsKnown, readOnly, new byte[0]);
        }
    }
}
