package dev.rejoin.server.replication;

import dev.rejoin.consistency.session.Origins;
import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.server.room.HeldPositions;
import dev.rejoin.sync.session.DocumentName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The peers of a server, as the guard of one document asks them. */
final class PeerOrigins implements Origins {
    private static final byte[] NOTHING = {};

    private final Replication home;
    private final String document;

    PeerOrigins(Replication home, String document) {
        this.home = home;
        this.document = document;
    }

    @Override
    public CompletionStage<Pulled> pull(PositionVector missing) {
        CompletableFuture<Pulled> result = new CompletableFuture<>();
        home.loop().execute(() -> new Pull(missing, result).next());
        return result;
    }

    /** Asks one peer after the other, those first that are likely to have it. */
    private final class Pull {
        private final PositionVector missing;
        private final CompletableFuture<Pulled> result;
        private final List<Following> left = new ArrayList<>();
        private boolean allAsked = true;
        private PositionVector held = PositionVector.EMPTY;

        Pull(PositionVector missing, CompletableFuture<Pulled> result) {
            this.missing = missing;
            this.result = result;
            List<Following> others = new ArrayList<>();
            for (Following one : home.followings()) {
                if (!one.isLinked()) {
                    allAsked = false;
                } else if (missing.sequence(one.origin()) > 0
                        || one.holding(document).orElse(PositionVector.EMPTY).includes(missing)) {
                    left.add(one);
                } else {
                    others.add(one);
                }
            }
            left.addAll(others);
        }

        void next() {
            if (held.includes(missing) || left.isEmpty()) {
                finish();
                return;
            }
            Following one = left.remove(0);
            home.then(one.catching().fetch(document), (holds, failure) -> {
                if (holds == null) {
                    allAsked = false;
                } else {
                    held = held.union(holds);
                }
                next();
            });
        }

        private void finish() {
            home.then(home.rooms().holding(DocumentName.of(document)), (here, failure) -> {
                if (here != null && here.isPresent()) {
                    held = held.union(here.get().held().vector());
                }
                PositionVector lost = allAsked && failure == null ? lost() : PositionVector.EMPTY;
                result.complete(new Pulled(held, lost, lost.isEmpty() ? PositionVector.EMPTY : surviving(lost)));
            });
        }

        /** What nobody has although everybody was asked. What a running server has admitted is not lost, whatever it answered. */
        private PositionVector lost() {
            PositionVector[] lost = {PositionVector.EMPTY};
            missing.beyond(held).forEach((origin, sequence) -> {
                boolean runs = origin == Position.originOf(home.linkOptions().opening())
                        || home.linkTo(origin).isPresent();
                if (!runs) {
                    lost[0] = lost[0].with(new Position(origin, sequence));
                }
            });
            return lost[0];
        }

        private PositionVector surviving(PositionVector lost) {
            PositionVector[] surviving = {PositionVector.EMPTY};
            lost.forEach((origin, sequence) -> {
                if (held.sequence(origin) > 0) {
                    surviving[0] = surviving[0].with(new Position(origin, held.sequence(origin)));
                }
            });
            return surviving[0];
        }
    }

    /** What was gossiped last; asked for on the loop, so it may be a moment old. */
    @Override
    public Optional<String> holder(PositionVector needs) {
        return home.holder(document, needs);
    }

    @Override
    public CompletionStage<PositionVector> heads() {
        CompletableFuture<PositionVector> result = new CompletableFuture<>();
        home.loop().execute(() -> {
            List<CompletionStage<Following.Answer>> asked = new ArrayList<>();
            for (Following one : home.followings()) {
                asked.add(one.pull(document, 0, NOTHING, NOTHING, true));
            }
            PositionVector[] all = {PositionVector.EMPTY};
            int[] left = {asked.size()};
            if (asked.isEmpty()) {
                result.complete(all[0]);
            }
            for (CompletionStage<Following.Answer> one : asked) {
                home.then(one, (answer, failure) -> {
                    if (answer == null) {
                        result.completeExceptionally(
                                failure == null ? new IllegalStateException("no answer") : failure);
                        return;
                    }
                    try {
                        all[0] = all[0].union(
                                HeldPositions.decode(answer.head().held()).vector());
                    } catch (IllegalArgumentException e) {
                        result.completeExceptionally(e);
                        return;
                    }
                    if (--left[0] == 0) {
                        result.complete(all[0]);
                    }
                });
            }
        });
        return result;
    }
}
