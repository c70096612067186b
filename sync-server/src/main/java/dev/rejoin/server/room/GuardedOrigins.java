package dev.rejoin.server.room;

import dev.rejoin.consistency.session.Origins;
import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Asks other servers; where there are none, what an earlier opening of the own log had and is not here is lost. */
final class GuardedOrigins implements Origins {
    private final RoomKit kit;
    private final Origins others;
    private final Supplier<HeldPositions> held;

    GuardedOrigins(RoomKit kit, String document, Supplier<HeldPositions> held) {
        this.kit = kit;
        this.others = kit.others().origins(document);
        this.held = held;
    }

    @Override
    public CompletionStage<Pulled> pull(PositionVector missing) {
        return kit.others() == OtherServers.NONE
                ? CompletableFuture.completedFuture(lost(missing))
                : others.pull(missing);
    }

    private Pulled lost(PositionVector missing) {
        PositionVector[] lost = {PositionVector.EMPTY, PositionVector.EMPTY};
        missing.forEach((origin, sequence) -> held.get()
                .ended(kit.log().name(), origin, kit.log().incarnation())
                .ifPresent(end -> {
                    lost[0] = lost[0].with(new Position(origin, sequence));
                    lost[1] = lost[1].with(new Position(origin, end));
                }));
        return new Pulled(PositionVector.EMPTY, lost[0], lost[1]);
    }

    @Override
    public Optional<String> holder(PositionVector needs) {
        return others.holder(needs);
    }

    @Override
    public CompletionStage<PositionVector> heads() {
        return others.heads();
    }
}
