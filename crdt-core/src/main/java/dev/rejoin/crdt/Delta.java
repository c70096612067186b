package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.DotRanges;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An immutable fragment of a document's history: a set of dots that it <em>claims</em>, each of them live with a cell,
 * or dead. A state is a large delta, a delta a small state; both are joined in the same way, so that lost, duplicated
 * and reordered deltas do no harm. After Almeida, Shoker, Baquero, <a href="https://arxiv.org/abs/1603.01529">Delta State
 * Replicated Data Types</a>.
 *
 * <p>Thread-safe. Operations are linear in the number of cells and runs, never in the number of dead dots.
 */
public final class Delta {

    private static final int FEW_RUNS = 8;
    private static final ReplicaId[] NOBODY = {};
    private static final int[] NO_ENDS = {};
    private static final long[] NO_RUNS = {};
    private static final Cell[] NO_CELLS = {};

    /** The delta that claims nothing. */
    public static final Delta EMPTY = new Delta(NOBODY, NO_ENDS, NO_RUNS, NO_CELLS);

    /*
     * Layout. One section per replica, in ascending order. A section is a list of runs of consecutive counters in
     * descending order, disjoint, neighbours without a gap between them differing in liveness; there are no empty
     * sections. A run takes two longs: (highest << 1 | live), lowest. The order of cells is the order of the walk:
     * sections ascending, runs descending, dots descending. It is the order of the bytes too, so that reading and
     * writing are one pass without an index. Nobody changes the arrays once a delta holds them.
     */

    /** Strictly ascending. */
    final ReplicaId[] replicas;

    /** For each section the number of runs up to its end. */
    final int[] runEnds;

    final long[] runs;
    final Cell[] cells;

    private @Nullable Version context;

    /** Takes over arrays that obey the layout. */
    Delta(ReplicaId[] replicas, int[] runEnds, long[] runs, Cell[] cells) {
        this.replicas = replicas;
        this.runEnds = runEnds;
        this.runs = runs;
        this.cells = cells;
        assert isCanonical();
    }

    /** Receives one cell. */
    @FunctionalInterface
    public interface CellVisitor {
        /**
         * Called for a live dot with the object that it belongs to and its payload: a canonical value (see
         * {@link Values}), or one of {@link Stamped}, {@link Amount}, {@link Tally}, {@link Absent}, {@link Baseline},
         * {@link Fold}, {@link Opaque}.
         */
        void cell(ReplicaId replica, long counter, ObjectKey object, Object payload);
    }

    /** Chooses cells. */
    @FunctionalInterface
    public interface CellFilter {
        /** Whether it takes this one; the parameters are those of {@link CellVisitor#cell}. */
        boolean takes(ReplicaId replica, long counter, ObjectKey object, Object payload);
    }

    /** Receives one run of claimed dots. */
    @FunctionalInterface
    public interface RunVisitor {
        /** Called for a run of consecutive counters that are all live or all dead. */
        void run(ReplicaId replica, long low, long high, boolean live);
    }

    /**
     * Returns the delta that claims the dots of {@code replica} from {@code first} to {@code last}, all dead: what
     * refusing a transaction leaves behind. O(1)
     *
     * @throws IllegalArgumentException unless 1 ≤ first ≤ last ≤ {@link Dot#MAX_COUNTER}
     */
    public static Delta voided(ReplicaId replica, long first, long last) {
        if (first < 1 || last < first || last > Dot.MAX_COUNTER) {
            throw new IllegalArgumentException("not a range of counters: " + first + "…" + last);
        }
        return new Delta(new ReplicaId[] {replica}, new int[] {1}, new long[] {last << 1, first}, NO_CELLS);
    }

    /** Returns the delta that claims all dots of {@code version}, dead. */
    public static Delta dead(Version version) {
        DeltaAssembler out = new DeltaAssembler();
        for (ReplicaId replica : version.replicas()) {
            out.section(replica);
            DotRanges ranges = version.ranges(replica);
            for (int i = ranges.rangeCount() - 1; i >= 0; i--) {
                out.run(ranges.rangeHigh(i), ranges.rangeLow(i), false);
            }
        }
        return out.build();
    }

    /** Returns whether nothing is claimed. */
    public boolean isEmpty() {
        return replicas.length == 0;
    }

    /** Returns the dots that are claimed. Linear in the number of runs at the first call. */
    public Version context() {
        Version known = context;
        if (known == null) {
            Version.Builder builder = Version.builder();
            for (int section = 0; section < replicas.length; section++) {
                DotRanges ranges = new DotRanges();
                addClaims(section, ranges);
                builder.addAll(replicas[section], ranges);
            }
            known = builder.build();
            context = known;
        }
        return known;
    }

    /**
     * Adds the dots that a section claims to what is known of its replica. O(runs of the section + ranges known): many runs
     * are put in order first, since adding them one by one would move the ranges above them each time.
     */
    void addClaims(int section, DotRanges known) {
        int from = section == 0 ? 0 : runEnds[section - 1];
        int to = runEnds[section];
        DotRanges target = known.isEmpty() || to - from <= FEW_RUNS ? known : new DotRanges();
        for (int i = to - 1; i >= from; i--) {
            target.addRange(runs[2 * i + 1], runs[2 * i] >>> 1);
        }
        if (target != known) {
            known.addAll(target);
        }
    }

    /** Returns the number of live dots. */
    public int cellCount() {
        return cells.length;
    }

    /** Returns the number of claimed dots, live and dead. Linear in the number of runs. */
    public long dotCount() {
        long count = 0;
        for (int i = 0; i < runs.length; i += 2) {
            count += (runs[i] >>> 1) - runs[i + 1] + 1;
        }
        return count;
    }

    /** Returns the number of runs of consecutive dots that are alike. */
    public int runCount() {
        return runs.length >> 1;
    }

    /** Visits the cells: replicas ascending, counters descending. */
    public void forEachCell(CellVisitor visitor) {
        int cell = 0;
        int run = 0;
        for (int section = 0; section < replicas.length; section++) {
            for (; run < runEnds[section]; run++) {
                if ((runs[2 * run] & 1) == 0) {
                    continue;
                }
                for (long counter = runs[2 * run] >>> 1; counter >= runs[2 * run + 1]; counter--) {
                    Cell c = cells[cell++];
                    visitor.cell(replicas[section], counter, c.object(), c.payload());
                }
            }
        }
    }

    /** Returns the delta of those of these cells that a filter takes, which claims nothing else. */
    public Delta only(CellFilter filter) {
        DeltaAssembler out = new DeltaAssembler();
        int cell = 0;
        int run = 0;
        for (int section = 0; section < replicas.length; section++) {
            out.section(replicas[section]);
            for (; run < runEnds[section]; run++) {
                if ((runs[2 * run] & 1) == 0) {
                    continue;
                }
                for (long counter = runs[2 * run] >>> 1; counter >= runs[2 * run + 1]; counter--) {
                    Cell c = cells[cell++];
                    if (filter.takes(replicas[section], counter, c.object(), c.payload())) {
                        out.run(counter, counter, true);
                        out.cell(c);
                    }
                }
            }
        }
        return out.build();
    }

    /** Visits the runs: replicas ascending, counters descending. */
    public void forEachRun(RunVisitor visitor) {
        int run = 0;
        for (int section = 0; section < replicas.length; section++) {
            for (; run < runEnds[section]; run++) {
                visitor.run(replicas[section], runs[2 * run + 1], runs[2 * run] >>> 1, (runs[2 * run] & 1) != 0);
            }
        }
    }

    /**
     * Returns the join: claims what either claims; a dot is live if one holds its cell and the other holds it too or
     * does not claim it. Commutative, associative, idempotent. O(cells and runs of both)
     *
     * @throws ReplicaConflictException if both hold different cells for the same dot
     */
    public Delta join(Delta other) {
        if (other.isEmpty() || other == this) {
            return this;
        }
        return isEmpty() ? other : DeltaJoin.join(this, other);
    }

    /** Returns the canonical bytes, self-contained: equal deltas have equal bytes. */
    public byte[] encode() {
        return DeltaEncoder.selfContained(this);
    }

    /**
     * Reads what {@link #encode} wrote; for bytes that come from oneself.
     *
     * @throws MalformedDeltaException if the bytes are not the canonical encoding of a delta
     */
    public static Delta decode(byte[] bytes) {
        return decode(bytes, DeltaLimits.UNLIMITED);
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws MalformedDeltaException if the bytes are not the canonical encoding of a delta, or exceed a limit
     */
    public static Delta decode(byte[] bytes, DeltaLimits limits) {
        return DeltaDecoder.selfContained(bytes, limits);
    }

    private boolean isCanonical() {
        if (runEnds.length != replicas.length
                || runs.length != (replicas.length == 0 ? 0 : 2 * runEnds[replicas.length - 1])) {
            return false;
        }
        long live = 0;
        int run = 0;
        for (int section = 0; section < replicas.length; section++) {
            if (section > 0 && replicas[section - 1].compareTo(replicas[section]) >= 0 || runEnds[section] <= run) {
                return false;
            }
            long below = Dot.MAX_COUNTER + 2;
            boolean above = false;
            for (; run < runEnds[section]; run++) {
                long high = runs[2 * run] >>> 1;
                long low = runs[2 * run + 1];
                boolean here = (runs[2 * run] & 1) != 0;
                if (low < 1 || high < low || high >= below || high == below - 1 && here == above) {
                    return false;
                }
                live += here ? high - low + 1 : 0;
                below = low;
                above = here;
            }
        }
        return live == cells.length;
    }

    /** Returns whether {@code other} claims the same dots and holds the same cells, which is: has the same bytes. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof Delta that
                        && Arrays.equals(runs, that.runs)
                        && Arrays.equals(runEnds, that.runEnds)
                        && Arrays.equals(replicas, that.replicas)
                        && Arrays.equals(cells, that.cells);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Arrays.hashCode(replicas) + Arrays.hashCode(runs)) + Arrays.hashCode(cells);
    }

    /** Returns the number of cells and the claimed dots. */
    @Override
    public String toString() {
        return "Delta[" + cells.length + " cells, " + context() + "]";
    }
}
