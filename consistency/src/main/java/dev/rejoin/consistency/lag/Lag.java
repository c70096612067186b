package dev.rejoin.consistency.lag;

import dev.rejoin.consistency.session.Freshness;
import dev.rejoin.consistency.session.Position;
import dev.rejoin.crdt.clock.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.HdrHistogram.IntCountsHistogram;

/**
 * How far this replica is behind each origin, from heartbeats: every server puts an entry with its own time into its own log each
 * {@code interval}. So the log moves when nobody writes, and an idle replica is not late; and it stops here when the link is cut, and then the
 * lag grows.
 *
 * <p>Neither clock is trusted to agree with the other. The offset comes from {@link #exchanged}, the pings of the link; a reading says by how
 * much it may be wrong. The owner calls {@link #heartbeat} when the entry <em>is applied</em> here, not when its bytes arrive, and {@link #tick} each interval: one
 * sample for each tick and origin goes into the percentiles, the largest lag since the tick before. So a percentile speaks of time, whether entries come
 * one by one or a minute's worth at once.
 *
 * <p>Thread-safe. Per origin it keeps {@value #SLICES} histograms of at most a few kilobytes.
 */
public final class Lag implements Freshness {
    /** How many origins are followed at most; heartbeats of further ones are ignored until one is retired. */
    public static final int MAX_ORIGINS = 256;

    /** Above this a lag counts as this: a day. */
    public static final long MAX_LAG_MILLIS = 86_400_000;

    /** The percentiles are over this many slices of time, one of them just begun. */
    private static final int SLICES = 6;

    private static final int SIGNIFICANT_DIGITS = 2;

    private final long intervalMillis;
    private final long sliceMillis;
    private final TimeSource time;
    private final Consumer<LagSpike> spikes;
    private final TreeMap<Long, Followed> origins = new TreeMap<>();

    /**
     * Follows nobody yet.
     *
     * @param interval between the heartbeats of an origin and between ticks, at least 1 ms
     * @param window what the percentiles are taken over, at least {@code interval}
     * @param spikes told when a spike begins and ends, on the thread of the tick; must not throw
     */
    public Lag(Duration interval, Duration window, TimeSource time, Consumer<LagSpike> spikes) {
        if (interval.toMillis() < 1 || window.compareTo(interval) < 0) {
            throw new IllegalArgumentException("interval " + interval + ", window " + window);
        }
        this.intervalMillis = interval.toMillis();
        this.sliceMillis = Math.max(1, window.toMillis() / (SLICES - 1));
        this.time = time;
        this.spikes = spikes;
    }

    /** With a heartbeat each second, percentiles over five minutes, and nobody told of spikes. */
    public Lag(TimeSource time) {
        this(Duration.ofSeconds(1), Duration.ofMinutes(5), time, spike -> {});
    }

    private static final class Followed {
        final ClockOffset offset = new ClockOffset();
        final SpikeDetector spike = new SpikeDetector();
        final IntCountsHistogram[] slices = new IntCountsHistogram[SLICES];
        long slice = Long.MIN_VALUE;

        /** By the origin's clock. */
        long newestStamp = Long.MIN_VALUE;

        /** By our clock, when it was applied. */
        long newestApplied;

        /** The largest lag since the last tick, by uncorrected clocks; none if {@code MIN_VALUE}. */
        long worstRaw = Long.MIN_VALUE;

        long applied;
        long heard;

        Followed() {
            for (int i = 0; i < SLICES; i++) {
                slices[i] = new IntCountsHistogram(MAX_LAG_MILLIS, SIGNIFICANT_DIGITS);
            }
        }

        long corrected(long raw, long now) {
            long lag = raw + (offset.isKnown() ? offset.millis(now) : 0);
            return Math.min(MAX_LAG_MILLIS, Math.max(0, lag));
        }
    }

    /** Empty if there are too many. */
    private Optional<Followed> followed(long origin) {
        Followed known = origins.get(origin);
        if (known == null && origins.size() < MAX_ORIGINS) {
            known = new Followed();
            origins.put(origin, known);
        }
        return Optional.ofNullable(known);
    }

    /** The heartbeat at this position, stamped by the origin's clock, has been applied here. One out of order changes nothing. */
    public synchronized void heartbeat(Position position, long originMillis) {
        applied(position);
        followed(position.origin()).ifPresent(known -> {
            if (originMillis <= known.newestStamp) {
                return;
            }
            long now = time.millis();
            known.newestStamp = originMillis;
            known.newestApplied = now;
            known.worstRaw = Math.max(known.worstRaw, now - originMillis);
        });
    }

    /** Everything of this origin up to this position has been applied here. */
    public synchronized void applied(Position position) {
        followed(position.origin()).ifPresent(known -> {
            known.applied = Math.max(known.applied, position.sequence());
            known.heard = Math.max(known.heard, known.applied);
        });
    }

    /** Somebody says that this position exists. */
    public synchronized void heard(Position position) {
        followed(position.origin()).ifPresent(known -> known.heard = Math.max(known.heard, position.sequence()));
    }

    /**
     * A ping went to the server of this origin and its answer came back.
     *
     * @param sentMillis by our clock
     * @param originMillis by the origin's clock, when it answered
     * @param receivedMillis by our clock
     */
    public synchronized void exchanged(long origin, long sentMillis, long originMillis, long receivedMillis) {
        followed(origin).ifPresent(known -> known.offset.exchanged(sentMillis, originMillis, receivedMillis));
    }

    /** This origin will write no more: its log was closed for good, or its server has left. */
    public synchronized void retire(long origin) {
        origins.remove(origin);
    }

    /** Takes one sample of each origin. To be called each interval. */
    public void tick() {
        List<LagSpike> changes = new ArrayList<>();
        synchronized (this) {
            long now = time.millis();
            origins.forEach((origin, known) -> {
                if (known.newestStamp == Long.MIN_VALUE) {
                    return;
                }
                long sample = current(known, now);
                if (known.worstRaw != Long.MIN_VALUE) {
                    sample = Math.max(sample, known.corrected(known.worstRaw, now));
                    known.worstRaw = Long.MIN_VALUE;
                }
                slice(known, now).recordValue(sample);
                if (known.spike.sample(sample)) {
                    changes.add(new LagSpike(origin, known.spike.isSpiking(), sample, known.spike.medianMillis()));
                }
            });
        }
        changes.forEach(spikes);
    }

    private IntCountsHistogram slice(Followed known, long now) {
        long slice = Math.floorDiv(now, sliceMillis);
        long passed = known.slice == Long.MIN_VALUE ? SLICES : slice - known.slice;
        for (long i = 1; i <= Math.min(SLICES, passed); i++) {
            known.slices[(int) Math.floorMod(slice - i + 1, (long) SLICES)].reset();
        }
        known.slice = passed > 0 ? slice : known.slice; // a clock set back goes on filling the newest
        return known.slices[(int) Math.floorMod(known.slice, (long) SLICES)];
    }

    /** The lag of the newest heartbeat; once the next is overdue, the time that has passed without it. */
    private long current(Followed known, long now) {
        long lag = known.corrected(known.newestApplied - known.newestStamp, now);
        long overdue = now - known.newestApplied - intervalMillis;
        return overdue > intervalMillis / 2 ? Math.min(MAX_LAG_MILLIS, lag + overdue) : lag;
    }

    /** How late this origin is; empty before its first heartbeat. */
    public synchronized Optional<LagReading> reading(long origin) {
        Followed known = origins.get(origin);
        return known == null || known.newestStamp == Long.MIN_VALUE
                ? Optional.empty()
                : Optional.of(reading(origin, known));
    }

    /** All readings, ascending by origin. */
    public synchronized List<LagReading> readings() {
        List<LagReading> all = new ArrayList<>();
        origins.forEach((origin, known) -> {
            if (known.newestStamp != Long.MIN_VALUE) {
                all.add(reading(origin, known));
            }
        });
        return all;
    }

    private LagReading reading(long origin, Followed known) {
        long now = time.millis();
        slice(known, now);
        IntCountsHistogram all = new IntCountsHistogram(MAX_LAG_MILLIS, SIGNIFICANT_DIGITS);
        for (IntCountsHistogram slice : known.slices) {
            all.add(slice);
        }
        boolean isKnown = known.offset.isKnown();
        return new LagReading(
                origin,
                current(known, now),
                isKnown ? known.offset.uncertaintyMillis(now) : Long.MAX_VALUE,
                all.getValueAtPercentile(50),
                all.getValueAtPercentile(95),
                all.getValueAtPercentile(99),
                known.newestStamp - (isKnown ? known.offset.millis(now) : 0),
                known.heard - known.applied,
                now - known.newestApplied > 2 * intervalMillis);
    }

    /**
     * An upper bound of the age of what is here: of the origin that is furthest behind, with the doubt about its clock. {@link Long#MAX_VALUE} if
     * no origin is followed, or one of them has not been heard of or its clock is not known.
     */
    @Override
    public synchronized long stalenessMillis() {
        long now = time.millis();
        long oldest = origins.isEmpty() ? Long.MAX_VALUE : 0;
        for (Followed known : origins.values()) {
            if (known.newestStamp == Long.MIN_VALUE || !known.offset.isKnown()) {
                return Long.MAX_VALUE;
            }
            long shownThrough = known.newestStamp - known.offset.millis(now);
            oldest = Math.max(oldest, now - shownThrough + known.offset.uncertaintyMillis(now));
        }
        return Math.max(0, oldest);
    }
}
