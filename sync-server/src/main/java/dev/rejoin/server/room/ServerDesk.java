package dev.rejoin.server.room;

import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.ReplicaConflictException;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.yjs.ContradictoryUpdateException;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.sync.wire.FailureCode;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a room takes in of what other servers have admitted, and tells them of what is here. Belongs to the loop of the room. */
final class ServerDesk {
    private static final Logger LOG = LoggerFactory.getLogger(ServerDesk.class);
    private static final byte[] NOTHING = {};

    private final Room room;
    private final RoomCommits commits;
    private final RoomContent content;
    private final Document document;
    private final long epoch;

    ServerDesk(Room room, RoomCommits commits, RoomContent content, Document document) {
        this.room = room;
        this.commits = commits;
        this.content = content;
        this.document = document;
        this.epoch = room.epoch();
    }

    /** Takes in what another server has admitted; nobody judges it again. Completes when it is durable. */
    void take(Arrival arrival, CompletableFuture<Taken> result) {
        if (room.isClosedTo(result)) {
            return;
        }
        if (arrival.epoch() != epoch) {
            result.complete(new Taken(Taken.Outcome.OTHER_LIFE, epoch, commits.held(), "another life of the document"));
        } else if (!commits.ahead().vector().includes(arrival.before().latest())) {
            result.complete(
                    new Taken(Taken.Outcome.LACKING, epoch, commits.held(), "what comes before it is not here"));
        } else {
            try {
                merge(arrival);
            } catch (MalformedDeltaException
                    | MalformedUpdateException
                    | ContradictoryUpdateException
                    | ReplicaConflictException
                    | TooManyLogsException e) {
                result.complete(
                        new Taken(Taken.Outcome.REFUSED, epoch, commits.held(), String.valueOf(e.getMessage())));
                return;
            } catch (RuntimeException e) {
                LOG.error("room '{}' is given up: taking in what another server has admitted failed", room.name(), e);
                room.giveUp(
                        new DocumentUnavailableException(FailureCode.OVERLOADED, "the server failed; try again", e));
                result.completeExceptionally(room.unavailable());
                return;
            }
            room.stayAwake();
            commits.whenDurable(failure -> {
                if (failure == null) {
                    result.complete(new Taken(Taken.Outcome.TAKEN, epoch, commits.held(), ""));
                } else {
                    result.completeExceptionally(failure);
                }
                room.restWhenIdle();
            });
        }
    }

    private void merge(Arrival arrival) {
        HeldPositions ahead = commits.ahead();
        HeldPositions after = union(ahead, arrival.after());
        if (!ahead.vector().includes(arrival.after().vector()) && !arrival.isEmpty()) {
            Delta delta = arrival.fragment().length == 0 ? Delta.EMPTY : Delta.decode(arrival.fragment());
            room.watchIfAsked();
            Version version = document.version();
            byte[] integrated = content.arrived(delta, arrival.update());
            if (!document.version().equals(version)) {
                commits.arrived(delta, arrival.fragment());
            }
            if (integrated != null) {
                commits.contentArrived(arrival.update(), integrated);
            }
        }
        if (after.equals(ahead)) {
            return;
        }
        PositionVector fetched =
                arrival.fetched() ? arrival.after().vector().beyond(ahead.vector()) : PositionVector.EMPTY;
        commits.holdWithNext(arrival.after(), after, fetched);
    }

    private static HeldPositions union(HeldPositions some, HeldPositions others) {
        try {
            return some.union(others);
        } catch (IllegalArgumentException tooMany) {
            throw new TooManyLogsException(tooMany);
        }
    }

    /** The document would have entries of more logs than it may. */
    private static final class TooManyLogsException extends RuntimeException {
        private static final long serialVersionUID = 1;

        TooManyLogsException(IllegalArgumentException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** What is durably here, in short. */
    Holding holding() {
        return new Holding(
                epoch,
                false,
                commits.committed().version().encode(),
                content.durable().encode(),
                commits.held());
    }

    /**
     * What somebody lacks of what is durable; if content is under way, when that is.
     *
     * @param theirEpoch the life of the document that the others are about; of another one nothing but the epoch is told
     */
    void excerpt(
            long theirEpoch,
            Version version,
            StateVector stateVector,
            boolean headsOnly,
            CompletableFuture<Optional<Excerpt>> result) {
        if (room.isClosedTo(result)) {
            return;
        }
        if (theirEpoch != 0 && theirEpoch != epoch && !headsOnly) {
            result.complete(Optional.of(new Excerpt(epoch, HeldPositions.NONE, NOTHING, NOTHING)));
            return;
        }
        // of objects that are under way nobody has been told, so nobody waits for these
        if (!commits.isUnbegun() && (headsOnly || !commits.hasContentUnderWay())) {
            excerpt(version, stateVector, headsOnly, answer -> answer.accept(null), result);
            return;
        }
        // the content can be written as it is after a batch only when the next one has not begun
        commits.whenHandedOver(
                () -> excerpt(version, stateVector, headsOnly, commits::whenDurable, result),
                result::completeExceptionally);
    }

    /** @param when calls with null when the content as it is now is durable, otherwise with the reason */
    private void excerpt(
            Version version,
            StateVector stateVector,
            boolean headsOnly,
            Consumer<Consumer<@Nullable DocumentUnavailableException>> when,
            CompletableFuture<Optional<Excerpt>> result) {
        byte[] update;
        try {
            update = headsOnly ? NOTHING : content.tiers().excerpt(stateVector);
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
            return;
        }
        when.accept(failure -> {
            if (failure != null) {
                result.completeExceptionally(failure);
                return;
            }
            byte[] fragment =
                    headsOnly ? NOTHING : RoomCommits.bytes(commits.committed().deltaSince(version));
            result.complete(Optional.of(new Excerpt(epoch, commits.held(), fragment, update)));
        });
    }
}
