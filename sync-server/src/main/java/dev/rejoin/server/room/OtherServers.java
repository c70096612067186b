package dev.rejoin.server.room;

import dev.rejoin.consistency.session.Freshness;
import dev.rejoin.consistency.session.Origins;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.sync.wire.OriginLag;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The other servers of a cluster, as the guards of the rooms ask them. For any thread. */
@FunctionalInterface
public interface OtherServers {
    /** There are none: what is here is all there is, and never stale. */
    OtherServers NONE = new OtherServers() {
        private final Origins nobody = new Origins() {
            @Override
            public CompletionStage<PositionVector> heads() {
                return CompletableFuture.completedFuture(PositionVector.EMPTY);
            }
        };

        @Override
        public Origins origins(String document) {
            return nobody;
        }

        @Override
        public Freshness freshness(String document) {
            return () -> 0;
        }
    };

    /** Who is asked for what a room lacks of a document. */
    Origins origins(String document);

    /** How far a document may be behind what they have admitted. */
    default Freshness freshness(String document) {
        return Freshness.UNKNOWN;
    }

    /** How late the changes of each of them are here, as far as they have been heard of. */
    default List<OriginLag> lag() {
        return List.of();
    }
}
