package dev.rejoin.conformance.yjs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What must be alike in two outcomes of one script, and how much of it has been seen. Lanes share one. */
final class Comparison {
    /** What came of one comparison that found no difference. */
    enum Verdict {
        ALIKE,
        /** yjs has not noticed that something can go on; from there on the two are not the same replicas. */
        STUCK,
        /** It may be that yjs has not noticed; that was not asked. */
        UNDECIDED
    }

    private final boolean exact;
    private final LongAdder looks = new LongAdder();
    private final LongAdder blobs = new LongAdder();
    private final LongAdder otherBytes = new LongAdder();
    private final LongAdder stuck = new LongAdder();

    /**
     * @param exact whether all bytes must be equal; else only those of snapshots and positions, and the rest is counted
     */
    Comparison(boolean exact) {
        this.exact = exact;
    }

    /** What has been compared, in words. */
    String seen() {
        return String.format(
                "%,d looks and %,d blobs compared, %,d of them written in other bytes, yjs stuck in %,d",
                looks.sum(), blobs.sum(), otherBytes.sum(), stuck.sum());
    }

    /**
     * Throws what differs.
     *
     * @param ours none where yjs goes first
     */
    Verdict of(Script script, @Nullable Outcome ours, Outcome theirs) {
        if (ours == null) {
            return Verdict.ALIKE;
        }
        int common = Math.min(ours.checks().size(), theirs.checks().size());
        for (int i = 0; i < common; i++) {
            Outcome.Check our = ours.checks().get(i);
            Outcome.Check their = theirs.checks().get(i);
            if (our.digest() != their.digest()) {
                Long unstuck = their.unstuck();
                if (their.pending() != 0 && unstuck == null) {
                    return Verdict.UNDECIDED;
                }
                if (their.pending() != 0 && our.digest() == unstuck) {
                    return Verdict.STUCK;
                }
                throw new AssertionError("check " + i + ": documents differ" + texts(our.text(), their.text()));
            }
            if (their.pending() == 0 && our.pending() != 0) {
                throw new AssertionError("check " + i + ": we wait for something, yjs does not");
            }
        }
        if (ours.checks().size() != theirs.checks().size()
                || ours.blobs().size() != theirs.blobs().size()) {
            throw new AssertionError("one side did more than the other");
        }
        bytes(script, ours, theirs);
        return Verdict.ALIKE;
    }

    /** Counts a script in: what came first of our side, of yjs and of the comparison of the two. */
    void count(@Nullable Outcome ours, Outcome theirs, Verdict verdict) {
        looks.add(theirs.checks().size());
        if (verdict == Verdict.STUCK) {
            stuck.increment();
        } else if (ours != null) {
            blobs.add(theirs.blobs().size());
            for (int i = 0; i < theirs.blobs().size(); i++) {
                if (!Arrays.equals(ours.blobs().get(i), theirs.blobs().get(i))) {
                    otherBytes.increment();
                }
            }
        }
    }

    private void bytes(Script script, Outcome ours, Outcome theirs) {
        List<Slot> slots = Slot.of(script);
        for (int i = 0; i < slots.size(); i++) {
            byte[] our = ours.blobs().get(i);
            byte[] their = theirs.blobs().get(i);
            if (Arrays.equals(our, their)) {
                continue;
            }
            Slot slot = slots.get(i);
            boolean ofCleanup = slot == Slot.FOLLOW_UP && script.has(Script.CLEANUP);
            if (!ofCleanup && (exact || slot.exact || our.length == 0 || their.length == 0)) {
                HexFormat hex = HexFormat.of();
                throw new AssertionError("blob " + i + " (" + slot + ") differs\n  ours   " + hex.formatHex(our)
                        + "\n  theirs " + hex.formatHex(their));
            }
        }
    }

    /** What a blob of a script is. */
    private enum Slot {
        UPDATE(false),
        FOLLOW_UP(false),
        STATE(false),
        SNAPSHOT(true),
        POSITION(true);

        private final boolean exact;

        Slot(boolean exact) {
            this.exact = exact;
        }

        static List<Slot> of(Script script) {
            List<Slot> slots = new ArrayList<>();
            for (int[] step : script.steps()) {
                slots.addAll(
                        switch (step[0]) {
                            case Script.TRANSACTION, Script.UNDO_STEP, Script.REDO_STEP, Script.STOP_CAPTURING ->
                                List.of(UPDATE, UPDATE);
                            case Script.DELIVER -> List.of(FOLLOW_UP, FOLLOW_UP);
                            case Script.SYNC, Script.REOPEN, Script.MERGED -> List.of(STATE, FOLLOW_UP, FOLLOW_UP);
                            case Script.SNAPSHOT -> List.of(SNAPSHOT);
                            case Script.POSITION -> List.of(POSITION);
                            case Script.WHOLE -> List.of(STATE);
                            default -> List.<Slot>of();
                        });
            }
            return slots;
        }
    }

    private static String texts(@Nullable String ours, @Nullable String theirs) {
        if (ours == null || theirs == null) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        String[] our = ours.split("\n", -1);
        String[] their = theirs.split("\n", -1);
        for (int i = 0; i < Math.max(our.length, their.length); i++) {
            String a = i < our.length ? our[i] : "";
            String b = i < their.length ? their[i] : "";
            text.append(a.equals(b) ? "\n  both   " + a : "\n  ours   " + a + "\n  theirs " + b);
        }
        return text.toString();
    }
}
