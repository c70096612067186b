package dev.rejoin.crdt;

import java.util.HashMap;
import java.util.Map;

/** Which confirmed or pending cells the pending transactions of a judged replica hide, and how many of them hide each. */
final class Hidings {
    private final Map<Long, Hiding> byDot = new HashMap<>();

    private static final class Hiding {
        int count;
        long lastTransaction;
    }

    /** What became of a cell that a transaction wants hidden. */
    enum Outcome {
        /** It was visible. */
        HIDDEN,
        /** Others hide it too. */
        HIDDEN_AGAIN,
        /** The same transaction has hidden it before. */
        UNCHANGED
    }

    /** Transaction {@code number} hides a cell; it counts once, however often it does so. */
    Outcome hide(long dot, long number) {
        Hiding hiding = byDot.get(dot);
        Outcome outcome = Outcome.HIDDEN_AGAIN;
        if (hiding == null) {
            hiding = new Hiding();
            byDot.put(dot, hiding);
            outcome = Outcome.HIDDEN;
        } else if (hiding.lastTransaction == number) {
            return Outcome.UNCHANGED;
        }
        hiding.count++;
        hiding.lastTransaction = number;
        return outcome;
    }

    /** A transaction that hid a cell was refused; returns whether nothing hides it any more. */
    boolean release(long dot) {
        Hiding hiding = byDot.get(dot);
        if (hiding != null && --hiding.count == 0) {
            byDot.remove(dot);
            return true;
        }
        return false;
    }

    /** The same for the open transaction, under whose number somebody may hide the cell again; returns whether nothing hides it any more. */
    boolean takeBack(long dot) {
        if (release(dot)) {
            return true;
        }
        Hiding hiding = byDot.get(dot);
        if (hiding != null) {
            hiding.lastTransaction = 0;
        }
        return false;
    }

    /** Whether anything hides a cell. */
    boolean isHidden(long dot) {
        return byDot.containsKey(dot);
    }

    /** The cell has gone; returns whether it was hidden. */
    boolean forget(long dot) {
        return !byDot.isEmpty() && byDot.remove(dot) != null;
    }
}
