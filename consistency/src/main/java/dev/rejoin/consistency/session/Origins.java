package dev.rejoin.consistency.session;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The other servers of a document, as the guard of a view asks them. Calls return at once; stages complete on any thread. */
public interface Origins {
    /** A view with no other servers to ask: it waits, and then fails or answers with what it has. */
    Origins NONE = new Origins() {};

    /**
     * What came of a pull.
     *
     * @param held the view shows this now, besides what it showed before
     * @param lost no server holds this, and none ever will: its log is gone
     * @param surviving what servers hold of the origins that {@code lost} names
     */
    record Pulled(PositionVector held, PositionVector lost, PositionVector surviving) {
        /** Nothing came: the servers that have it could not be reached. */
        public static final Pulled NOTHING =
                new Pulled(PositionVector.EMPTY, PositionVector.EMPTY, PositionVector.EMPTY);

        /** The view shows this now. */
        public static Pulled of(PositionVector held) {
            return new Pulled(held, PositionVector.EMPTY, PositionVector.EMPTY);
        }
    }

    /**
     * Fetches what the view lacks from whoever has it, applies it, and completes; the guard then advances the watermark by what is held.
     *
     * @param missing through these numbers
     */
    default CompletionStage<Pulled> pull(PositionVector missing) {
        return CompletableFuture.completedFuture(Pulled.NOTHING);
    }

    /** The address of a server that is known to hold {@code needs}. */
    default Optional<String> holder(PositionVector needs) {
        return Optional.empty();
    }

    /**
     * What all origins have admitted by now, each asked after this call. Completes exceptionally if one cannot be asked: what it has admitted is
     * not known then.
     */
    default CompletionStage<PositionVector> heads() {
        return CompletableFuture.failedFuture(new IllegalStateException("no other servers are known"));
    }
}
