package dev.rejoin.server.room;

import dev.rejoin.sync.session.DocumentName;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** One of several servers: its rooms tell of each entry of one document, take what others tell, and fetch what they lack, when a test says so. */
final class ClusterDesk extends RoomDesk {
    static final DocumentName NAME = DocumentName.of("d");
    private static final long EPOCH = 5;

    /** @param network is given each entry that other servers are to be told */
    ClusterDesk(int number, long seed, Consumer<Admitted> network) {
        this.seed = seed * 1_000 + 100L * number;
        log.name = (number + 1L) << 32;
        log.incarnation = (number + 1L) << 40;
        epochs = new Epochs() {
            @Override
            public long first(String document) {
                return EPOCH;
            }

            @Override
            public long restored(String document, long former) {
                return former + 1;
            }

            @Override
            public long begunAnew(String document, long former) {
                return former + 2;
            }
        };
        admissions = new AdmissionListener() {
            @Override
            public boolean isListening() {
                return true;
            }

            @Override
            public void admitted(Admitted entry) {
                network.accept(entry);
            }
        };
    }

    /** What is not durable is gone, and the log is opened anew. */
    void crash() {
        // what the ending process still begins is lost with it, too
        loop.run();
        log.fail();
        loop.run();
        log.fail();
        log.incarnation += 1L << 16;
        reopen();
    }

    /** What is durably here; empty if there is nothing. */
    Optional<Holding> holding() {
        CompletableFuture<Optional<Holding>> here = rooms().holding(NAME).toCompletableFuture();
        loop.run();
        return here.join();
    }

    /** What a server that holds this lacks. */
    Optional<Excerpt> lacking(Optional<Holding> theirs) {
        CompletableFuture<Optional<Excerpt>> lacking = rooms().excerpt(
                        NAME,
                        EPOCH,
                        theirs.map(Holding::version).orElse(new byte[0]),
                        theirs.map(Holding::stateVector).orElse(new byte[0]),
                        false)
                .toCompletableFuture();
        commit();
        return lacking.join();
    }

    /**
     * Takes an entry of another server.
     *
     * @param before what must be held here, or it is lacking
     */
    Taken take(Admitted entry, HeldPositions before) {
        return take(new Arrival(entry.epoch(), entry.fragment(), entry.update(), before, entry.after(), false));
    }

    /** Takes what was lacking here. */
    Taken take(Excerpt excerpt) {
        return take(new Arrival(
                excerpt.epoch(), excerpt.fragment(), excerpt.update(), HeldPositions.NONE, excerpt.held(), true));
    }

    private Taken take(Arrival arrival) {
        CompletableFuture<Taken> taken = rooms().take(NAME, arrival).toCompletableFuture();
        commit();
        return taken.join();
    }

    /** The document as it durably is. */
    Optional<DocumentView> view() {
        CompletableFuture<Optional<DocumentView>> view = rooms().read(NAME).toCompletableFuture();
        loop.run();
        return view.join();
    }
}
