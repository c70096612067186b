package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.DotRanges;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the latest deltas of a store have claimed, without their cells, bounded in number and size; and the dots that were
 * known before the oldest of them. Whoever knows those needs nothing but what is claimed here and unknown to him.
 *
 * <p>Deltas that continue one another, as those of one writer do while it removes nothing old, are kept as one.
 */
final class RecentClaims {
    /** Beyond these bounds the oldest deltas are forgotten, and {@link CellReader#since} reads all cells instead. */
    static final int MAX_DELTAS = 1_024;

    static final int MAX_RANGES = 16_384;

    private final ArrayDeque<Claims> older = new ArrayDeque<>(1);
    private @Nullable Claims latest;
    private final Map<ReplicaId, DotRanges> before = new HashMap<>(4);
    private int ranges;

    /** Some dots: per range the index of its replica, the lowest and the highest counter. */
    private static final class Claims {
        final ReplicaId[] replicas;
        final int[] ends;
        final long[] bounds;

        Claims(ReplicaId[] replicas, int[] ends, long[] bounds) {
            this.replicas = replicas;
            this.ends = ends;
            this.bounds = bounds;
        }

        int rangeCount() {
            return bounds.length >> 1;
        }

        boolean knownTo(Version version) {
            int range = 0;
            for (int section = 0; section < replicas.length; section++) {
                for (; range < ends[section]; range++) {
                    if (!version.includesRange(replicas[section], bounds[2 * range], bounds[2 * range + 1])) {
                        return false;
                    }
                }
            }
            return true;
        }

        void addTo(Map<ReplicaId, DotRanges> dots) {
            int range = 0;
            for (int section = 0; section < replicas.length; section++) {
                DotRanges into = dots.computeIfAbsent(replicas[section], id -> new DotRanges());
                for (; range < ends[section]; range++) {
                    into.addRange(bounds[2 * range], bounds[2 * range + 1]);
                }
            }
        }
    }

    void add(Delta delta) {
        Claims last = latest;
        if (last != null) {
            if (extend(last, delta)) {
                return;
            }
            older.addLast(last);
        }
        Claims added = claims(delta);
        latest = added;
        ranges += added.rangeCount();
        while (older.size() >= MAX_DELTAS || ranges > MAX_RANGES && !older.isEmpty()) {
            forget(older.removeFirst());
        }
        if (ranges > MAX_RANGES) {
            forget(added);
            latest = null;
        }
    }

    private void forget(Claims oldest) {
        ranges -= oldest.rangeCount();
        oldest.addTo(before);
    }

    /** Whether the delta claims one range of the one replica of {@code last}, next to its one range; if so that range has grown. */
    private static boolean extend(Claims last, Delta delta) {
        if (last.bounds.length != 2 || delta.replicas.length != 1 || !delta.replicas[0].equals(last.replicas[0])) {
            return false;
        }
        long[] runs = delta.runs;
        for (int i = 2; i < runs.length; i += 2) {
            if (runs[i] >>> 1 != runs[i - 1] - 1) {
                return false;
            }
        }
        long high = runs[0] >>> 1;
        long low = runs[runs.length - 1];
        if (low > last.bounds[1] + 1 || high < last.bounds[0] - 1) {
            return false;
        }
        last.bounds[0] = Math.min(last.bounds[0], low);
        last.bounds[1] = Math.max(last.bounds[1], high);
        return true;
    }

    private static Claims claims(Delta delta) {
        long[] bounds = new long[delta.runs.length];
        int[] ends = new int[delta.replicas.length];
        int filled = 0;
        int run = 0;
        for (int section = 0; section < delta.replicas.length; section++) {
            int start = filled;
            for (; run < delta.runEnds[section]; run++) {
                long high = delta.runs[2 * run] >>> 1;
                long low = delta.runs[2 * run + 1];
                if (filled > start && bounds[filled - 2] == high + 1) {
                    bounds[filled - 2] = low;
                } else {
                    bounds[filled] = low;
                    bounds[filled + 1] = high;
                    filled += 2;
                }
            }
            ends[section] = filled >> 1;
        }
        return new Claims(
                delta.replicas, ends, filled == bounds.length ? bounds : java.util.Arrays.copyOf(bounds, filled));
    }

    /** Whether whoever knows these dots can be served from here. */
    boolean cover(Version known) {
        for (Map.Entry<ReplicaId, DotRanges> entry : before.entrySet()) {
            DotRanges dots = entry.getValue();
            for (int i = 0, n = dots.rangeCount(); i < n; i++) {
                if (!known.includesRange(entry.getKey(), dots.rangeLow(i), dots.rangeHigh(i))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** The dots claimed by those recent deltas of which anything is unknown to {@code known}, per replica. */
    Map<ReplicaId, DotRanges> unknownTo(Version known) {
        Map<ReplicaId, DotRanges> claimed = new HashMap<>();
        for (Claims claims : older) {
            if (!claims.knownTo(known)) {
                claims.addTo(claimed);
            }
        }
        Claims last = latest;
        if (last != null && !last.knownTo(known)) {
            last.addTo(claimed);
        }
        return claimed;
    }
}
