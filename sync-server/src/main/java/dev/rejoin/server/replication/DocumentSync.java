package dev.rejoin.server.replication;

import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.server.room.Arrival;
import dev.rejoin.server.room.HeldPositions;
import dev.rejoin.server.room.Holding;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.session.LinkFailure;
import dev.rejoin.sync.wire.LinkMessage;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Brings one document up to date with one peer: asks what is here, fetches what is lacking, and takes it, or another life of the document. */
final class DocumentSync {
    private static final byte[] NOTHING = {};
    private static final String CONFLICT = "conflict";
    private static final String REFUSED = "refused";

    private final Replication home;
    private final Following link;
    private final DocumentName document;
    private final CompletableFuture<Result> result = new CompletableFuture<>();

    /**
     * How it ended.
     *
     * @param held what the peer holds of the document, in the life that is here; empty if it is another one
     * @param again whether there is more to do
     * @param stop why nothing is taken of this document any more; null if that is not so
     * @param epoch the life that the peer has; 0 if it has none
     */
    record Result(
            PositionVector held, boolean again, @Nullable String stop, long epoch, String message) {
        static Result done(PositionVector held, long epoch) {
            return new Result(held, false, null, epoch, "");
        }

        static Result again(long epoch) {
            return new Result(PositionVector.EMPTY, true, null, epoch, "");
        }

        static Result stop(String why, long epoch, String message) {
            return new Result(PositionVector.EMPTY, false, why, epoch, message);
        }
    }

    DocumentSync(Replication home, Following link, String document) {
        this.home = home;
        this.link = link;
        this.document = DocumentName.of(document);
    }

    /** Completes on the loop of the replication. Fails if the document cannot be served now, or the link ends. */
    CompletionStage<Result> run() {
        home.then(home.rooms().holding(document), (here, failure) -> {
            if (here == null) {
                fail(failure);
                return;
            }
            long epoch = here.map(Holding::epoch).orElse(0L);
            byte[] version = here.map(Holding::version).orElse(NOTHING);
            byte[] stateVector = here.map(Holding::stateVector).orElse(NOTHING);
            home.then(link.pull(document.value(), epoch, version, stateVector, false), (answer, lost) -> {
                if (answer == null) {
                    fail(lost);
                } else {
                    judge(here, answer);
                }
            });
        });
        return result;
    }

    private void judge(Optional<Holding> here, Following.Answer answer) {
        LinkMessage.StateHead head = answer.head();
        if (!head.found()) {
            result.complete(Result.done(PositionVector.EMPTY, 0));
        } else if (here.isEmpty()) {
            if (head.deleted()) {
                bury(head);
            } else {
                take(answer);
            }
        } else {
            compare(here.get(), answer);
        }
    }

    private void compare(Holding here, Following.Answer answer) {
        LinkMessage.StateHead head = answer.head();
        switch (home.epochs().relation(document.value(), here.epoch(), head.epoch())) {
            case SAME -> {
                if (here.deleted()) {
                    // the peer hears of it over the other link
                    result.complete(Result.done(PositionVector.EMPTY, head.epoch()));
                } else if (head.deleted()) {
                    bury(head);
                } else {
                    take(answer);
                }
            }
            case RESTORED_SINCE -> changeOver(here, head, false);
            case BEGUN_ANEW_SINCE -> changeOver(here, head, true);
            case OLDER -> result.complete(Result.done(PositionVector.EMPTY, head.epoch()));
            case UNRELATED -> unrelated(here, head);
        }
    }

    /** Two documents under one name are never merged. Where one of them was deleted since, somebody has decided. */
    private void unrelated(Holding here, LinkMessage.StateHead head) {
        if (here.deleted() && !head.deleted()) {
            changeOver(here, head, true);
        } else if (here.deleted() || head.deleted()) {
            result.complete(Result.done(PositionVector.EMPTY, head.epoch()));
        } else {
            result.complete(Result.stop(
                    CONFLICT,
                    head.epoch(),
                    "the two servers have different documents under this name (epochs "
                            + Long.toHexString(here.epoch()) + " here and " + Long.toHexString(head.epoch())
                            + " there); delete the one that is not wanted on its server"));
        }
    }

    private void bury(LinkMessage.StateHead head) {
        home.then(home.rooms().bury(document, head.epoch()), (done, failure) -> {
            if (failure != null) {
                fail(failure);
            } else {
                result.complete(Result.done(PositionVector.EMPTY, head.epoch()));
            }
        });
    }

    private void changeOver(Holding here, LinkMessage.StateHead head, boolean anew) {
        home.then(home.rooms().changeOver(document, here.epoch(), head.epoch(), anew), (done, failure) -> {
            if (failure != null) {
                fail(failure);
            } else if (head.deleted()) {
                bury(head);
            } else {
                result.complete(Result.again(head.epoch()));
            }
        });
    }

    private void take(Following.Answer answer) {
        LinkMessage.StateHead head = answer.head();
        HeldPositions holds;
        try {
            holds = HeldPositions.decode(head.held());
        } catch (IllegalArgumentException e) {
            link.fail(LinkFailure.MALFORMED, String.valueOf(e.getMessage()));
            fail(e);
            return;
        }
        PositionVector held = holds.vector();
        link.holds(document.value(), held);
        home.observer().pulled(link.address(), answer.fragment().length + answer.update().length);
        Arrival arrival =
                new Arrival(head.epoch(), answer.fragment(), answer.update(), HeldPositions.NONE, holds, true);
        home.then(home.rooms().take(document, arrival), (taken, failure) -> {
            if (taken == null) {
                fail(failure);
                return;
            }
            result.complete(
                    switch (taken.outcome()) {
                        case TAKEN -> {
                            // what the peer admits later may be under a later opening of its log, never under an
                            // earlier one
                            long sequence = held.sequence(link.origin());
                            if (sequence > 0) {
                                link.catching().known(document.value(), head.epoch(), sequence);
                            }
                            yield Result.done(held, head.epoch());
                        }
                        case LACKING, OTHER_LIFE -> Result.again(head.epoch());
                        case REFUSED -> Result.stop(REFUSED, head.epoch(), taken.message());
                    });
        });
    }

    private void fail(@Nullable Throwable failure) {
        result.completeExceptionally(failure == null ? new IllegalStateException("no answer") : failure);
    }
}
