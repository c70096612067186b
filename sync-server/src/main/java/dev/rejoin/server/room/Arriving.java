package dev.rejoin.server.room;

import dev.rejoin.sync.wire.FailureCode;
import java.util.concurrent.CompletableFuture;

/** Somebody who brings what another server has admitted. */
final class Arriving implements Visitor {
    private final Floor floor;
    private final String name;
    private final Arrival arrival;
    private final CompletableFuture<Taken> result;

    Arriving(Floor floor, String name, Arrival arrival, CompletableFuture<Taken> result) {
        this.floor = floor;
        this.name = name;
        this.arrival = arrival;
        this.result = result;
    }

    @Override
    public void enter(Room room) {
        if (room.commits().isUnbegun() && room.commits().isUntouched() && room.epoch() != arrival.epoch()) {
            // those who wait in it wait in a life that nobody will begin
            room.retire(Floor.OTHER_LIFE.get(), () -> floor.visit(name, true, this));
        } else {
            room.servers().take(arrival, result);
        }
    }

    @Override
    public long epoch(Epochs epochs, String document) {
        return arrival.epoch();
    }

    @Override
    public void turnedAway(DocumentUnavailableException cause) {
        if (cause.code() == FailureCode.DOCUMENT_DELETED) {
            result.complete(new Taken(Taken.Outcome.OTHER_LIFE, 0, HeldPositions.NONE, "the document is deleted"));
        } else {
            result.completeExceptionally(cause);
        }
    }
}
