package dev.rejoin.client;

import dev.rejoin.client.outbox.OutboxRecord;
import dev.rejoin.client.outbox.SavedRejection;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.sync.wire.AckLevel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells what became of writes: to their handles, to the list of rejections, and, of those whose judge is gone, as soon as replicated state tells. Guarded by the client's lock.
 */
final class Verdicts {
    static final String UNKNOWN_OUTCOME = SavedRejection.UNKNOWN_OUTCOME;
    static final String VOIDED = "voided";
    static final String DEPENDENCY_REJECTED = "dependency-rejected";
    private static final byte[] NOTHING = {};

    private final ClientLoop loop;
    private final StatusBoard status;
    private final Rejections rejections;
    private final LiveSession session;
    private final OutboxWriter outbox;
    private final TimeSource time;

    /* How far the present judge brings what it takes, as far as it has said so. */
    private AckLevel judgeLevel = AckLevel.ACCEPTED;
    /* Accepted as state has told, and not known to be on the disk of the present judge; as many as there were doubts. */
    private final List<WriteHandle> undurable = new ArrayList<>();

    Verdicts(
            ClientLoop loop,
            StatusBoard status,
            Rejections rejections,
            LiveSession session,
            OutboxWriter outbox,
            TimeSource time) {
        this.loop = loop;
        this.status = status;
        this.rejections = rejections;
        this.session = session;
        this.outbox = outbox;
        this.time = time;
    }

    /** There is another judge, who has said nothing yet. */
    void newJudge() {
        judgeLevel = AckLevel.ACCEPTED;
    }

    /** The judge brings what it takes this far. */
    void heard(AckLevel level) {
        judgeLevel = level;
        if (isDurable(level)) {
            undurable.forEach(write -> accept(write, level));
            undurable.clear();
        }
    }

    void accept(WriteHandle write, AckLevel level) {
        write.advance(isDurable(level) ? WriteState.DURABLE : WriteState.ACCEPTED);
        loop.later(write::announce);
    }

    private static boolean isDurable(AckLevel level) {
        return level == AckLevel.DURABLE || level == AckLevel.STABLE;
    }

    Rejection refuse(Pending write, String code, String message) {
        return refuse(write.mutations(), write.handle(), code, message);
    }

    Rejection refuse(List<Mutation> mutations, WriteHandle handle, String code, String message) {
        Rejection rejection = rejections.add(code, message, mutations, now());
        announce(handle, rejection);
        return rejection;
    }

    /** One that the client has written by itself is nobody's concern. */
    void refuseDependent(Pending write) {
        if (write.mutations().isEmpty()) {
            session.refused(write.handle());
        } else {
            refuse(write, DEPENDENCY_REJECTED, "a write that it depends on was not accepted");
        }
    }

    void refuseUnknown(Pending write) {
        refuse(write, UNKNOWN_OUTCOME, "it is not known whether this write was accepted");
    }

    /** Its author has taken it back, and nothing of it goes on the list. */
    void cancelled(Pending write) {
        session.refused(write.handle());
        write.handle().advance(WriteState.REJECTED);
        Rejection why = new Rejection(0, "cancelled", "taken back by its author", write.mutations(), now());
        loop.later(() -> write.handle().reject(why));
    }

    /**
     * Lays a write before the user whose outcome replicated state may still tell.
     *
     * @param replica the replica id it was written under
     * @param later what was written after it under the same
     */
    void doubt(ReplicaId replica, Pending write, List<Pending> later) {
        Rejection rejection = rejections.add(
                UNKNOWN_OUTCOME, "it is not known yet whether this write was accepted", write.mutations(), now());
        rejections.doubt(Doubt.of(rejection.id(), replica, write, later));
        session.refused(write.handle());
        write.handle().advance(WriteState.IN_DOUBT);
        loop.later(() -> {
            write.handle().announce();
            rejections.listeners().forEach(listener -> listener.accept(rejection));
        });
    }

    /** Ends the doubts that this state of other servers tells the outcome of. O(cells) if there are any */
    void settleDoubts(Delta remote) {
        for (Doubt doubt : rejections.doubts()) {
            switch (doubt.in(remote)) {
                case OPEN -> {}
                case ACCEPTED -> {
                    rejections.accepted(doubt);
                    outbox.append(
                            new OutboxRecord.RejectionDropped(doubt.saved().rejection()));
                    accept(doubt.handle(), judgeLevel);
                    if (!isDurable(judgeLevel)) {
                        undurable.add(doubt.handle());
                    }
                    status.changed();
                }
                case VOIDED -> end(doubt, VOIDED, "the server that was sent this has refused it");
                case HIDDEN -> end(doubt, UNKNOWN_OUTCOME, "what has happened since hides whether this was accepted");
            }
        }
    }

    private void end(Doubt doubt, String code, String message) {
        Rejection told = rejections.refused(doubt, code, message);
        append(told);
        announce(doubt.handle(), told);
        status.changed();
    }

    /** Saves one that no other step saves. */
    void append(Rejection rejection) {
        outbox.append(new OutboxRecord.Confirmed(NOTHING, 0, List.of(), List.of(Rejections.saved(rejection))));
    }

    private Instant now() {
        return Instant.ofEpochMilli(time.millis());
    }

    private void announce(WriteHandle write, Rejection rejection) {
        session.refused(write);
        write.advance(WriteState.REJECTED);
        loop.later(() -> {
            write.reject(rejection);
            rejections.listeners().forEach(listener -> listener.accept(rejection));
        });
    }
}
