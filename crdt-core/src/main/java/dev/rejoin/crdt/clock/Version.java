package dev.rejoin.crdt.clock;

import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * An immutable set of dots: what somebody knows. Also called a causal context: per replica a contiguous prefix, and the
 * ranges known above gaps.
 *
 * <p>Versions are partially ordered by inclusion ({@link #relation}). Operations on two versions are linear in the
 * number of their ranges, never in the number of dots.
 */
public final class Version {

    private static final ReplicaId[] NOBODY = {};
    private static final long[][] NOTHING = {};
    private static final long[] NO_RANGES = {};

    /** The version that knows nothing. */
    public static final Version EMPTY = new Version(NOBODY, NOTHING);

    /** Strictly ascending. */
    private final ReplicaId[] replicas;

    /** For each replica low and high of its maximal ranges, ascending; never empty. */
    private final long[][] ranges;

    private Version(ReplicaId[] replicas, long[][] ranges) {
        this.replicas = replicas;
        this.ranges = ranges;
    }

    /** Returns the version of these replicas (strictly ascending) and non-empty arrays of maximal ranges. */
    static Version ofSorted(ReplicaId[] replicas, long[][] ranges) {
        return replicas.length == 0 ? EMPTY : new Version(replicas, ranges);
    }

    /** Receives one maximal range of dots. */
    @FunctionalInterface
    public interface RangeVisitor {
        /** Called with the lowest and the highest counter of a range of {@code replica}. */
        void range(ReplicaId replica, long low, long high);
    }

    /** Returns the version that knows the first {@code prefix} dots of one replica; empty if {@code prefix} is 0. */
    public static Version of(ReplicaId replica, long prefix) {
        return prefix == 0 ? EMPTY : builder().addRange(replica, 1, prefix).build();
    }

    /** Returns a builder that knows nothing yet. */
    public static Builder builder() {
        return new Builder();
    }

    private int find(ReplicaId replica) {
        return Arrays.binarySearch(replicas, replica);
    }

    private long[] rangesOf(ReplicaId replica) {
        int i = find(replica);
        return i < 0 ? NO_RANGES : ranges[i];
    }

    /** Returns whether this dot is known. O(log replicas + log ranges) */
    public boolean contains(Dot dot) {
        return includesRange(dot.replica(), dot.counter(), dot.counter());
    }

    /** Returns whether this dot is known. O(log replicas + log ranges) */
    public boolean contains(ReplicaId replica, long counter) {
        return includesRange(replica, counter, counter);
    }

    /** Returns whether all dots of {@code replica} from {@code low} to {@code high} are known. */
    public boolean includesRange(ReplicaId replica, long low, long high) {
        return rangesInclude(rangesOf(replica), low, high);
    }

    private static boolean rangesInclude(long[] ranges, long low, long high) {
        int from = 0;
        int to = ranges.length >> 1;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (ranges[2 * middle + 1] < high) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return 2 * from < ranges.length && ranges[2 * from] <= low && low <= high;
    }

    /** Returns whether everything that {@code other} knows is known here too. */
    public boolean includes(Version other) {
        if (other == this) {
            return true;
        }
        int mine = 0;
        for (int i = 0; i < other.replicas.length; i++) {
            while (mine < replicas.length && replicas[mine].compareTo(other.replicas[i]) < 0) {
                mine++;
            }
            if (mine == replicas.length
                    || !replicas[mine].equals(other.replicas[i])
                    || !allIncluded(ranges[mine], other.ranges[i])) {
                return false;
            }
        }
        return true;
    }

    private static boolean allIncluded(long[] outer, long[] inner) {
        int at = 0;
        for (int i = 0; i < inner.length; i += 2) {
            while (at < outer.length && outer[at + 1] < inner[i + 1]) {
                at += 2;
            }
            if (at == outer.length || outer[at] > inner[i]) {
                return false;
            }
        }
        return true;
    }

    /** Returns how this version stands to {@code other}. */
    public Relation relation(Version other) {
        boolean includes = includes(other);
        boolean included = other.includes(this);
        if (includes) {
            return included ? Relation.EQUAL : Relation.AFTER;
        }
        return included ? Relation.BEFORE : Relation.CONCURRENT;
    }

    /** Returns the version that knows what either knows. */
    public Version union(Version other) {
        if (includes(other)) {
            return this;
        }
        if (other.includes(this)) {
            return other;
        }
        return builder().addAll(this).addAll(other).build();
    }

    /** Returns the highest n such that the dots 1 … n of {@code replica} are all known; 0 if the first is not. */
    public long prefix(ReplicaId replica) {
        long[] known = rangesOf(replica);
        return known.length > 0 && known[0] == 1 ? known[1] : 0;
    }

    /** Returns the highest known counter of {@code replica}; 0 if none is known. */
    public long highest(ReplicaId replica) {
        long[] known = rangesOf(replica);
        return known.length == 0 ? 0 : known[known.length - 1];
    }

    /** Returns a mutable copy of what is known of {@code replica}. */
    public DotRanges ranges(ReplicaId replica) {
        return DotRanges.ofArray(rangesOf(replica));
    }

    /** Returns the replicas of which anything is known, ascending. */
    public List<ReplicaId> replicas() {
        return List.of(replicas);
    }

    /** Returns whether nothing is known. */
    public boolean isEmpty() {
        return replicas.length == 0;
    }

    /** Returns the number of maximal ranges. O(replicas) */
    public int rangeCount() {
        int count = 0;
        for (long[] r : ranges) {
            count += r.length >> 1;
        }
        return count;
    }

    /** Returns the number of known dots. Linear in the number of ranges. */
    public long dotCount() {
        long count = 0;
        for (long[] r : ranges) {
            for (int i = 0; i < r.length; i += 2) {
                count += r[i + 1] - r[i] + 1;
            }
        }
        return count;
    }

    /** Visits the maximal ranges, ascending by replica and counter. */
    public void forEachRange(RangeVisitor visitor) {
        for (int i = 0; i < replicas.length; i++) {
            for (int j = 0; j < ranges[i].length; j += 2) {
                visitor.range(replicas[i], ranges[i][j], ranges[i][j + 1]);
            }
        }
    }

    /** Returns the canonical bytes of this version: equal versions have equal bytes. */
    public byte[] encode() {
        return VersionCodec.encode(replicas, ranges);
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws MalformedDeltaException if the bytes are not the canonical encoding of a version
     */
    public static Version decode(byte[] bytes) {
        return VersionCodec.decode(bytes);
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof Version that
                        && Arrays.equals(replicas, that.replicas)
                        && Arrays.deepEquals(ranges, that.ranges);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(replicas) + Arrays.deepHashCode(ranges);
    }

    /** Returns the ranges by replica, for example {@code {00000000000000a1=[1…4, 7]}}. */
    @Override
    public String toString() {
        TreeMap<ReplicaId, DotRanges> text = new TreeMap<>();
        for (int i = 0; i < replicas.length; i++) {
            text.put(replicas[i], DotRanges.ofArray(ranges[i]));
        }
        return text.toString();
    }

    /** A version under construction. Not thread-safe. */
    public static final class Builder {

        private final TreeMap<ReplicaId, DotRanges> known = new TreeMap<>();

        private Builder() {}

        /** Adds one dot. */
        public Builder add(Dot dot) {
            return addRange(dot.replica(), dot.counter(), dot.counter());
        }

        /**
         * Adds the dots of {@code replica} from {@code low} to {@code high}, both included.
         *
         * @throws IllegalArgumentException unless 1 ≤ low ≤ high ≤ {@link Dot#MAX_COUNTER}
         */
        public Builder addRange(ReplicaId replica, long low, long high) {
            DotRanges ranges = known.get(replica);
            if (ranges == null) {
                ranges = new DotRanges();
                ranges.addRange(low, high);
                known.put(replica, ranges);
            } else {
                ranges.addRange(low, high);
            }
            return this;
        }

        /** Adds these counters of {@code replica}. */
        public Builder addAll(ReplicaId replica, DotRanges ranges) {
            if (ranges.isEmpty()) {
                return this;
            }
            DotRanges present = known.get(replica);
            if (present == null) {
                known.put(replica, ranges.copy());
            } else {
                present.addAll(ranges);
            }
            return this;
        }

        /** Adds everything that {@code version} knows. */
        public Builder addAll(Version version) {
            for (int i = 0; i < version.replicas.length; i++) {
                addAll(version.replicas[i], DotRanges.ofArray(version.ranges[i]));
            }
            return this;
        }

        /** Returns what was added so far. The builder stays usable. */
        public Version build() {
            ReplicaId[] replicas = known.keySet().toArray(NOBODY);
            long[][] ranges = new long[replicas.length][];
            int i = 0;
            for (DotRanges r : known.values()) {
                ranges[i++] = r.toArray();
            }
            return ofSorted(replicas, ranges);
        }
    }
}
