package dev.rejoin.crdt.clock;

/**
 * A hybrid logical clock: stamps that follow the wall clock where they can, and never repeat or go back.
 *
 * <p>A stamp packs milliseconds and a logical counter into one positive {@code long}: {@code millis << 16 | logical}.
 * Each call of {@link #now} returns a stamp above every stamp returned or observed before, which is the larger of the
 * wall clock and the successor of the highest stamp known. At the ceiling (year 6429) the clock stands still; there, ties
 * are broken by replica.
 *
 * <p>Not thread-safe: one owner.
 *
 * @see <a href="https://cse.buffalo.edu/tech-reports/2014-04.pdf">Kulkarni et al., Logical Physical Clocks and
 *     Consistent Snapshots in Globally Distributed Databases</a>
 */
public final class HybridClock {

    /** The highest milliseconds that a stamp can carry: 2^47 − 1. */
    public static final long MAX_MILLIS = (1L << 47) - 1;

    /** The highest logical counter of a stamp. */
    public static final int MAX_LOGICAL = 0xFFFF;

    private final TimeSource time;
    private long last;

    /** Creates a clock that has observed nothing. */
    public HybridClock(TimeSource time) {
        this.time = time;
    }

    /** Returns a stamp above every stamp that was returned or observed before. */
    public long now() {
        long physical = Math.min(Math.max(time.millis(), 0), MAX_MILLIS) << 16;
        long next = last == Long.MAX_VALUE ? last : last + 1;
        last = Math.max(physical, next);
        return last;
    }

    /**
     * Learns of somebody's stamp, so that later stamps of this clock are above it.
     *
     * @throws IllegalArgumentException if the stamp is negative
     */
    public void observe(long stamp) {
        if (stamp < 0) {
            throw new IllegalArgumentException("not a stamp: " + stamp);
        }
        if (stamp > last) {
            last = stamp;
        }
    }

    /** Returns the highest stamp returned or observed so far; 0 at first. */
    public long last() {
        return last;
    }

    /**
     * Returns the stamp with these parts.
     *
     * @throws IllegalArgumentException if a part is out of its range
     */
    public static long stamp(long millis, int logical) {
        if (millis < 0 || millis > MAX_MILLIS || logical < 0 || logical > MAX_LOGICAL) {
            throw new IllegalArgumentException("not the parts of a stamp: " + millis + " ms, " + logical);
        }
        return millis << 16 | logical;
    }

    /** Returns the milliseconds since 1970 of a stamp. */
    public static long millis(long stamp) {
        return stamp >>> 16;
    }

    /** Returns the logical counter of a stamp, 0 … 65,535. */
    public static int logical(long stamp) {
        return (int) (stamp & MAX_LOGICAL);
    }
}
