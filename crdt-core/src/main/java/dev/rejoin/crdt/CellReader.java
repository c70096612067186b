package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.DotRanges;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads fragments out of the cells of a store or of a snapshot; the confirmed ones, since only they are in a context. */
final class CellReader {
    private CellReader() {}

    /** Replicas of a store in ascending order of their ids. */
    static ReplicaCells[] sorted(ReplicaCells[] replicas, int count) {
        ReplicaCells[] sorted = Arrays.copyOf(replicas, count);
        Arrays.sort(sorted, Comparator.comparing((ReplicaCells cells) -> cells.id));
        return sorted;
    }

    static Version version(ReplicaCells[] replicas, int count) {
        Version.Builder builder = Version.builder();
        for (int i = 0; i < count; i++) {
            if (!replicas[i].context.isEmpty()) {
                builder.addAll(replicas[i].id, replicas[i].context);
            }
        }
        return builder.build();
    }

    /**
     * What a holder of {@code known} lacks: the cells it does not know, and of the dots it knows those that are dead. The dead are
     * what the live leave out, so this needs no history and is right for any {@code known}. O(live cells and runs)
     */
    static Delta since(ReplicaCells[] replicas, int count, ObjectKey[] keys, Version known) {
        return since(replicas, count, keys, known, null);
    }

    /** The same, looking only at the dots in {@code changed}, outside of which the holder of {@code known} lacks nothing. */
    static Delta since(
            ReplicaCells[] replicas,
            int count,
            ObjectKey[] keys,
            Version known,
            @Nullable Map<ReplicaId, DotRanges> changed) {
        DeltaAssembler out = new DeltaAssembler();
        for (ReplicaCells cells : sorted(replicas, count)) {
            DotRanges context = changed == null ? cells.context : changed.get(cells.id);
            if (context == null) {
                continue;
            }
            DotRanges theirs = known.ranges(cells.id);
            out.section(cells.id);
            int their = theirs.rangeCount() - 1;
            for (int range = context.rangeCount() - 1; range >= 0; range--) {
                long low = context.rangeLow(range);
                long high = context.rangeHigh(range);
                while (high >= low) {
                    while (their >= 0 && theirs.rangeLow(their) > high) {
                        their--;
                    }
                    if (their < 0 || theirs.rangeHigh(their) < low) {
                        claim(out, cells, keys, low, high, true);
                        break;
                    }
                    long knownHigh = theirs.rangeHigh(their);
                    if (knownHigh < high) {
                        claim(out, cells, keys, knownHigh + 1, high, true);
                        high = knownHigh;
                    }
                    long knownLow = Math.max(low, theirs.rangeLow(their));
                    claim(out, cells, keys, knownLow, high, false);
                    high = knownLow - 1;
                }
            }
        }
        return out.build();
    }

    /** Claims the dots of a range: the dead ones, and if wanted the live ones with their cells. */
    static void claim(DeltaAssembler out, ReplicaCells cells, ObjectKey[] keys, long low, long high, boolean withLive) {
        long at = high;
        while (at >= low) {
            long live = cells.floor(at);
            if (live < low) {
                out.run(at, low, false);
                return;
            }
            if (live < at) {
                out.run(at, live + 1, false);
            }
            if (withLive) {
                CellPage page = cells.pageOf(live);
                int slot = (int) live & CellPage.SIZE - 1;
                out.run(live, live, true);
                out.cell(new Cell(keys[page.object(slot)], page.payload(slot)));
            }
            at = live - 1;
        }
    }
}
