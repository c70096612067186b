package dev.rejoin.crdt.clock;

import java.util.Arrays;

/**
 * A mutable set of counters (1 … {@link Dot#MAX_COUNTER}) of one replica: a contiguous prefix 1 … n, and ranges above
 * it in ascending order with at least one missing counter between any two.
 *
 * <p>Cost depends on the number of ranges, never on the number of counters. With r ranges above the prefix: adding to
 * the prefix, below or above all other ranges O(1) amortised, elsewhere O(r) of array copying; contains O(1) on the prefix, O(log r) above.
 *
 * <p>Not thread-safe: one owner.
 */
public final class DotRanges {

    private static final long[] NONE = {};

    private long prefix;

    /**
     * Low and high of each range above the prefix, ascending, from {@code start} to before {@code end}. There is room at
     * both ends, because deltas list their runs downwards and new dots come upwards.
     */
    private long[] gaps = NONE;

    private int start;
    private int end;

    /** Receives one maximal range of counters. */
    @FunctionalInterface
    public interface RangeVisitor {
        /** Called with the lowest and the highest counter of a range. */
        void range(long low, long high);
    }

    /** Creates an empty set. */
    public DotRanges() {}

    /** Returns an independent copy. O(r) */
    public DotRanges copy() {
        DotRanges copy = new DotRanges();
        copy.prefix = prefix;
        copy.gaps = start == end ? NONE : Arrays.copyOfRange(gaps, start, end);
        copy.end = end - start;
        return copy;
    }

    /**
     * Adds one counter.
     *
     * @return whether it was missing
     */
    public boolean add(long counter) {
        return addRange(counter, counter);
    }

    /**
     * Adds all counters from {@code low} to {@code high}, both included.
     *
     * @return whether any of them was missing
     * @throws IllegalArgumentException unless 1 ≤ low ≤ high ≤ {@link Dot#MAX_COUNTER}
     */
    public boolean addRange(long low, long high) {
        if (low < 1 || high < low || high > Dot.MAX_COUNTER) {
            throw new IllegalArgumentException("not a range of counters: " + low + "…" + high);
        }
        if (high <= prefix) {
            return false;
        }
        if (low <= prefix + 1) {
            prefix = high;
            while (start < end && gaps[start] <= prefix + 1) {
                prefix = Math.max(prefix, gaps[start + 1]);
                start += 2;
            }
            return true;
        }
        if (start == end || low > gaps[end - 1] + 1) {
            insert(end, low, high);
            return true;
        }
        return addBetween(low, high);
    }

    private boolean addBetween(long low, long high) {
        int first = firstEndingAtOrAbove(low - 1);
        if (gaps[first] > high + 1) {
            insert(first, low, high);
            return true;
        }
        if (gaps[first] <= low && high <= gaps[first + 1]) {
            return false;
        }
        int last = first;
        while (last + 2 < end && gaps[last + 2] <= high + 1) {
            last += 2;
        }
        gaps[first] = Math.min(gaps[first], low);
        gaps[first + 1] = Math.max(gaps[last + 1], high);
        System.arraycopy(gaps, last + 2, gaps, first + 2, end - last - 2);
        end -= last - first;
        return true;
    }

    /** Puts a range in front of the one at index {@code at}, moving those below or those above it, whichever are fewer. */
    private void insert(int at, long low, long high) {
        boolean below = at - start < end - at;
        int place = at;
        if (below ? start < 2 : end + 2 > gaps.length) {
            place += makeRoom();
        }
        if (below) {
            System.arraycopy(gaps, start, gaps, start - 2, place - start);
            start -= 2;
            place -= 2;
        } else {
            System.arraycopy(gaps, place, gaps, place + 2, end - place);
            end += 2;
        }
        gaps[place] = low;
        gaps[place + 1] = high;
    }

    /** Moves the ranges to the middle of an array with room at both ends; returns how far they have moved. */
    private int makeRoom() {
        int size = end - start;
        int room = 4 + (size >> 2 & ~1);
        long[] roomy = size + 2 * room <= gaps.length ? gaps : new long[size + 2 * room];
        int to = (roomy.length - size) >> 1 & ~1;
        System.arraycopy(gaps, start, roomy, to, size);
        int moved = to - start;
        gaps = roomy;
        start = to;
        end = to + size;
        return moved;
    }

    /** Returns the index in {@code gaps} of the first range whose high is at least {@code counter}, or {@code end}. */
    private int firstEndingAtOrAbove(long counter) {
        int from = 0;
        int to = (end - start) >> 1;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (gaps[start + 2 * middle + 1] < counter) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return start + (from << 1);
    }

    /** Adds everything that {@code other} holds. O(r of both) */
    public void addAll(DotRanges other) {
        if (other == this) {
            return;
        }
        if (other.prefix > 0) {
            addRange(1, other.prefix);
        }
        if (other.end - other.start <= 8) {
            for (int i = other.start; i < other.end; i += 2) {
                addRange(other.gaps[i], other.gaps[i + 1]);
            }
            return;
        }
        DotRanges union = new DotRanges();
        union.prefix = prefix;
        int mine = start;
        int theirs = other.start;
        while (mine < end || theirs < other.end) {
            if (theirs == other.end || mine < end && gaps[mine] <= other.gaps[theirs]) {
                union.appendOrExtend(gaps[mine], gaps[mine + 1]);
                mine += 2;
            } else {
                union.appendOrExtend(other.gaps[theirs], other.gaps[theirs + 1]);
                theirs += 2;
            }
        }
        prefix = union.prefix;
        gaps = union.gaps;
        start = union.start;
        end = union.end;
    }

    /** Adds a range whose low is not below the low of any range added before. */
    private void appendOrExtend(long low, long high) {
        if (start < end && low <= gaps[end - 1] + 1) {
            gaps[end - 1] = Math.max(gaps[end - 1], high);
        } else {
            addRange(low, high);
        }
    }

    /** Returns whether this counter is in the set. */
    public boolean contains(long counter) {
        return containsRange(counter, counter);
    }

    /** Returns whether all counters from {@code low} to {@code high} are in the set. */
    public boolean containsRange(long low, long high) {
        if (low < 1 || high < low) {
            return false;
        }
        if (high <= prefix) {
            return true;
        }
        if (start == end || low <= prefix) {
            return false;
        }
        int i = firstEndingAtOrAbove(high);
        return i < end && gaps[i] <= low;
    }

    /** Returns whether any counter from {@code low} to {@code high} is in the set. */
    public boolean intersects(long low, long high) {
        if (high < low || high < 1) {
            return false;
        }
        if (low <= prefix) {
            return prefix > 0;
        }
        int i = firstEndingAtOrAbove(low);
        return i < end && gaps[i] <= high;
    }

    /** Returns the highest n such that 1 … n are all in the set; 0 if 1 is missing. */
    public long prefix() {
        return prefix;
    }

    /** Returns the highest counter in the set; 0 if it is empty. */
    public long highest() {
        return start == end ? prefix : gaps[end - 1];
    }

    /** Returns whether the set is empty. */
    public boolean isEmpty() {
        return prefix == 0 && start == end;
    }

    /** Returns how many counters the set holds. O(r) */
    public long count() {
        long count = prefix;
        for (int i = start; i < end; i += 2) {
            count += gaps[i + 1] - gaps[i] + 1;
        }
        return count;
    }

    /** Returns the number of maximal ranges, the prefix included. */
    public int rangeCount() {
        return (prefix > 0 ? 1 : 0) + ((end - start) >> 1);
    }

    /** Returns the lowest counter of the maximal range with this index (ascending from 0). */
    public long rangeLow(int index) {
        int i = prefix > 0 ? index - 1 : index;
        return i < 0 ? 1 : gaps[start + 2 * i];
    }

    /** Returns the highest counter of the maximal range with this index (ascending from 0). */
    public long rangeHigh(int index) {
        int i = prefix > 0 ? index - 1 : index;
        return i < 0 ? prefix : gaps[start + 2 * i + 1];
    }

    /** Visits the maximal ranges in ascending order. */
    public void forEachRange(RangeVisitor visitor) {
        for (int i = 0, n = rangeCount(); i < n; i++) {
            visitor.range(rangeLow(i), rangeHigh(i));
        }
    }

    /** Returns low and high of each maximal range, ascending. */
    long[] toArray() {
        int shift = prefix > 0 ? 2 : 0;
        long[] ranges = new long[shift + end - start];
        if (shift > 0) {
            ranges[0] = 1;
            ranges[1] = prefix;
        }
        System.arraycopy(gaps, start, ranges, shift, end - start);
        return ranges;
    }

    /** Returns the set of these maximal ranges, ascending, low and high of each. */
    static DotRanges ofArray(long[] ranges) {
        DotRanges set = new DotRanges();
        int from = 0;
        if (ranges.length > 0 && ranges[0] == 1) {
            set.prefix = ranges[1];
            from = 2;
        }
        set.end = ranges.length - from;
        set.gaps = set.end == 0 ? NONE : Arrays.copyOfRange(ranges, from, ranges.length);
        return set;
    }

    /** Returns whether {@code other} is a set of the same counters. */
    @Override
    public boolean equals(Object other) {
        return other instanceof DotRanges that
                && prefix == that.prefix
                && Arrays.equals(gaps, start, end, that.gaps, that.start, that.end);
    }

    @Override
    public int hashCode() {
        int hash = Long.hashCode(prefix);
        for (int i = start; i < end; i++) {
            hash = 31 * hash + Long.hashCode(gaps[i]);
        }
        return hash;
    }

    /** Returns the ranges, for example {@code [1…4, 7, 9…12]}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("[");
        forEachRange((low, high) -> {
            if (text.length() > 1) {
                text.append(", ");
            }
            text.append(low);
            if (high > low) {
                text.append('…').append(high);
            }
        });
        return text.append(']').toString();
    }
}
