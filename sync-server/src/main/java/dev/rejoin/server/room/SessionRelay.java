package dev.rejoin.server.room;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.sync.wire.AckLevel;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.Update;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sends every session of a room what others have done to the objects, and its own verdicts, once that is durable; a session that does not read gets all
 * of it joined when it does. Belongs to the loop of the room.
 */
final class SessionRelay {
    private final Room room;
    private final RoomCommits commits;
    private final SessionDesk desk;
    private final RoomKit kit;
    private final Set<Seat> seats;

    /** @param seats those who are in the room, which the room adds and removes */
    SessionRelay(Room room, RoomCommits commits, SessionDesk desk, RoomKit kit, Set<Seat> seats) {
        this.room = room;
        this.commits = commits;
        this.desk = desk;
        this.kit = kit;
        this.seats = seats;
    }

    /**
     * Sends a batch to everybody who keeps up, and notes it for the others.
     *
     * @param before what was durable before it
     */
    void deliver(Batch batch, Version before) {
        if (batch.changes.isEmpty()) {
            return;
        }
        Map<Seat, Verdicts> verdicts = Verdicts.of(batch);
        Map<Seat, Delta> withoutOwn = batch.withoutOwn();
        byte @Nullable [] frame = null;
        byte[] news = desk.news();
        for (Seat seat : List.copyOf(seats)) {
            Verdicts own = verdicts.get(seat);
            if (seat.behind || !seat.outlet.hasRoom()) {
                fallBehind(seat, before, own);
            } else if (own != null) {
                Delta others = withoutOwn.getOrDefault(seat, Delta.EMPTY);
                seat.outlet.update(
                        new Update(
                                commits.position(),
                                RoomCommits.bytes(others),
                                own.through,
                                kit.level(),
                                own.rejections,
                                news),
                        own.judged);
            } else {
                if (frame == null) {
                    frame = Frames.encode(new Update(
                            commits.position(), RoomCommits.bytes(batch.all()), 0, AckLevel.NONE, List.of(), news));
                }
                seat.outlet.relay(frame, commits.position());
            }
        }
    }

    private void fallBehind(Seat seat, Version before, @Nullable Verdicts own) {
        if (!seat.behind) {
            seat.behind = true;
            seat.had = before;
            kit.observer().fellBehind();
        }
        if (own != null) {
            seat.unsent.addAll(own);
        }
    }

    /** One joined update instead of all that was left out. */
    void drained(Seat seat) {
        if (room.isGone() || seat.over || !seat.behind || !seat.outlet.hasRoom()) {
            return;
        }
        Verdicts own = seat.unsent;
        AckLevel level = own.judged == 0 ? AckLevel.NONE : kit.level();
        Delta missed = commits.committed().deltaSince(seat.had);
        seat.outlet.update(
                new Update(
                        commits.position(),
                        RoomCommits.bytes(missed),
                        own.through,
                        level,
                        own.rejections,
                        commits.held().latest().encode()),
                own.judged);
        seat.behind = false;
        seat.had = Version.EMPTY;
        seat.unsent = new Verdicts();
        desk.drained(seat);
        kit.observer().resynced();
    }
}
