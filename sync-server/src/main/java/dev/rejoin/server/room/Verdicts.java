package dev.rejoin.server.room;

import dev.rejoin.sync.wire.Rejection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a batch says to one author about its own transactions. */
final class Verdicts {
    long through;
    int judged;
    final List<Rejection> rejections = new ArrayList<>();

    /** To each author in a batch. */
    static Map<Seat, Verdicts> of(Batch batch) {
        Map<Seat, Verdicts> bySeat = new LinkedHashMap<>();
        for (Batch.Change change : batch.changes) {
            if (change.author() != null && change.judgement() != null) {
                bySeat.computeIfAbsent(change.author(), seat -> new Verdicts()).add(change.judgement());
            }
        }
        return bySeat;
    }

    private void add(Judgement judgement) {
        through = judgement.last();
        judged++;
        if (!judgement.accepted()) {
            rejections.add(new Rejection(judgement.first(), judgement.last(), judgement.code(), judgement.message()));
        }
    }

    void addAll(Verdicts later) {
        through = later.through;
        judged += later.judged;
        rejections.addAll(later.rejections);
    }
}
