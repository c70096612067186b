package dev.rejoin.server.room;

import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
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
    Room.Verdicts unsent = new Room.Verdicts();
    byte[] presence = {};

    Seat(RoomLoop loop, Outlet outlet, Join join) {
        this.loop = loop;
        this.outlet = outlet;
        this.join = join;
        this.readOnly = join.readOnly();
    }

    /** Offers one transaction for judgement. */
    public void submit(byte[] fragment) {
        enter(room -> room.submit(this, fragment));
    }

    /** The replica durably knows all verdicts up to here. */
    public void progress(long verdictsKnown) {
        enter(room -> room.progress(this, verdictsKnown));
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
        enter(room -> room.drained(this));
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
     */
    public record Join(
            ReplicaId replica, byte[] leaseKey, long epoch, Version version, long verdictsKnown, boolean readOnly) {}
}
