package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.DotRanges;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the latest deltas of a store have claimed, without their cells, bounded in number and size; and the dots that were
 * known before the oldest of them. Whoever knows those needs nothing but what is claimed here and unknown to him.
 *
 * <p>Deltas that continue one another, as those of one writer do while it removes nothing old, are kept as one. All stand in one ring
 * of two longs a range, so that remembering a write allocates nothing, and the ring is small beside the cells: reading all of a
 * small store costs no more than looking through a long history of it.
 */
final class RecentClaims {
    /** Beyond these bounds the oldest deltas are forgotten, and {@link CellReader#since} reads all cells instead. */
    static final int MAX_DELTAS = 1_024;

    static final int MAX_RANGES = 16_384;

    /** A store remembers at least this many ranges, and beyond that one for so many of its cells. */
    private static final int MIN_RANGES = 32;

    private static final int CELLS_PER_RANGE = 16;

    /** Marks the first range of a delta. */
    private static final long FIRST = Long.MIN_VALUE;

    private final ReplicaIndex replicas;

    /** Per range: packed dot of the lowest counter, with {@link #FIRST} or without, and the highest counter. */
    private long[] ring = new long[8];

    /** The oldest range, and how many there are. */
    private int oldest;

    private int count;
    private int deltas;

    /** How many ranges the latest delta has. */
    private int latest;

    /** By number of the replica: what was claimed by those that have been forgotten. */
    private @Nullable DotRanges[] before = new DotRanges[0];

    RecentClaims(ReplicaIndex replicas) {
        this.replicas = replicas;
    }

    /** The place in the ring of the range with this number, counted from the oldest. */
    private int at(int range) {
        return (oldest + range) * 2 & ring.length - 1;
    }

    /** Remembers what a delta has claimed; all its replicas are numbered. O(runs) */
    void add(Delta delta, int cells) {
        if (delta.isEmpty()) {
            return;
        }
        int limit = Math.max(MIN_RANGES, Math.min(MAX_RANGES, cells / CELLS_PER_RANGE));
        if (delta.runCount() > limit) {
            while (count > 0) {
                forgetOldest();
            }
            for (int section = 0; section < delta.replicas.length; section++) {
                delta.addClaims(section, before(replicas.find(delta.replicas[section])));
            }
            return;
        }
        if (latest == 1 && extendsLatest(delta)) {
            return;
        }
        latest = 0;
        deltas++;
        int run = 0;
        for (int section = 0; section < delta.replicas.length; section++) {
            long base = (long) replicas.find(delta.replicas[section]) << PackedDot.COUNTER_BITS;
            long below = 0;
            for (; run < delta.runEnds[section]; run++) {
                long high = delta.runs[2 * run] >>> 1;
                long low = delta.runs[2 * run + 1];
                if (high + 1 == below) {
                    int last = at(count - 1);
                    ring[last] = ring[last] & FIRST | base | low;
                } else {
                    append(base | low, high);
                }
                below = low;
            }
        }
        while (deltas > MAX_DELTAS || count > limit) {
            forgetOldest();
        }
    }

    /**
     * The same for one own dot and at most one other that it removes, which is what a single change of a set claims. The number of the own
     * replica is 0. O(1)
     *
     * @param removed 0 if none
     */
    void addOwn(long dot, long removed, int cells) {
        boolean adjacent = removed == dot - 1;
        long low = adjacent && removed != 0 ? removed : dot;
        if (latest == 1 && (adjacent || removed == 0)) {
            int at = at(count - 1);
            long lowest = ring[at] & ~FIRST;
            if (lowest >>> PackedDot.COUNTER_BITS == 0 && low >= lowest && low <= ring[at + 1] + 1) {
                ring[at + 1] = dot;
                return;
            }
        }
        latest = 0;
        deltas++;
        append(low, dot);
        if (removed != 0 && !adjacent) {
            append(removed, removed);
        }
        int limit = Math.max(MIN_RANGES, Math.min(MAX_RANGES, cells / CELLS_PER_RANGE));
        while (deltas > MAX_DELTAS || count > limit) {
            forgetOldest();
        }
    }

    private void append(long lowest, long high) {
        if (count * 2 == ring.length) {
            long[] larger = new long[ring.length * 2];
            int head = ring.length - oldest * 2;
            System.arraycopy(ring, oldest * 2, larger, 0, head);
            System.arraycopy(ring, 0, larger, head, oldest * 2);
            ring = larger;
            oldest = 0;
        }
        int at = at(count++);
        ring[at] = latest++ == 0 ? lowest | FIRST : lowest;
        ring[at + 1] = high;
    }

    /** Whether the delta claims one range of one replica, next to the one range of the latest; if so that range has grown. */
    private boolean extendsLatest(Delta delta) {
        int at = at(count - 1);
        long lowest = ring[at] & ~FIRST;
        if (delta.replicas.length != 1
                || replicas.find(delta.replicas[0]) != (int) (lowest >>> PackedDot.COUNTER_BITS)) {
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
        long known = lowest & PackedDot.COUNTER_MASK;
        if (low > ring[at + 1] + 1 || high < known - 1) {
            return false;
        }
        ring[at] += Math.min(known, low) - known;
        ring[at + 1] = Math.max(ring[at + 1], high);
        return true;
    }

    private void forgetOldest() {
        do {
            long lowest = ring[oldest * 2] & ~FIRST;
            before((int) (lowest >>> PackedDot.COUNTER_BITS))
                    .addRange(lowest & PackedDot.COUNTER_MASK, ring[oldest * 2 + 1]);
            oldest = oldest + 1 & (ring.length >> 1) - 1;
            count--;
        } while (count > 0 && ring[oldest * 2] >= 0);
        if (--deltas == 0) {
            latest = 0;
        }
    }

    private DotRanges before(int replica) {
        if (replica >= before.length) {
            before = Arrays.copyOf(before, replica + (replica >> 1) + 1);
        }
        DotRanges dots = before[replica];
        if (dots == null) {
            dots = new DotRanges();
            before[replica] = dots;
        }
        return dots;
    }

    /** Whether whoever knows these dots can be served from here. */
    boolean cover(Version known) {
        for (int replica = 0; replica < before.length; replica++) {
            DotRanges dots = before[replica];
            if (dots != null) {
                for (int i = 0, n = dots.rangeCount(); i < n; i++) {
                    if (!known.includesRange(replicas.get(replica), dots.rangeLow(i), dots.rangeHigh(i))) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    /** The dots claimed by those recent deltas of which anything is unknown to {@code known}, per replica. */
    Map<ReplicaId, DotRanges> unknownTo(Version known) {
        Map<ReplicaId, DotRanges> claimed = new HashMap<>();
        for (int first = 0, end; first < count; first = end) {
            end = first + 1;
            while (end < count && ring[at(end)] >= 0) {
                end++;
            }
            if (!areKnown(first, end, known)) {
                for (int range = first; range < end; range++) {
                    claimed.computeIfAbsent(replica(range), id -> new DotRanges())
                            .addRange(low(range), ring[at(range) + 1]);
                }
            }
        }
        return claimed;
    }

    private boolean areKnown(int first, int end, Version version) {
        for (int range = first; range < end; range++) {
            if (!version.includesRange(replica(range), low(range), ring[at(range) + 1])) {
                return false;
            }
        }
        return true;
    }

    private ReplicaId replica(int range) {
        return replicas.get((int) ((ring[at(range)] & ~FIRST) >>> PackedDot.COUNTER_BITS));
    }

    private long low(int range) {
        return ring[at(range)] & PackedDot.COUNTER_MASK;
    }
}
