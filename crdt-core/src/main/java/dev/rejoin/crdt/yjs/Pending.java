package dev.rejoin.crdt.yjs;

import dev.rejoin.crdt.clock.TimeSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What has arrived before what it refers to: runs of structs by the unit they wait for, and deletions of units that are not there yet.
 * Bounded in number, in bytes and in time; what exceeds the bounds is dropped and counted, and must be asked for again.
 */
final class Pending {
    /** Structs of one client that wait together, since a time in milliseconds. */
    record Run(StructBatch structs, long since) {
        long client() {
            return structs.client[0];
        }

        /** The struct behind those that follow each other without a hole from {@code at} on. */
        int holeAfter(int at) {
            int behind = at + 1;
            while (behind < structs.count && structs.clock[behind] == end(behind - 1)) {
                behind++;
            }
            return behind;
        }

        /** The clock behind a struct. */
        long end(int at) {
            return structs.clock[at] + structs.length[at];
        }
    }

    /** Runs that wait for the same unit, and what they cover, so that one that adds nothing is told in O(log runs). */
    private static final class Bucket {
        final List<Run> runs = new ArrayList<>(1);

        /** By client: ends by first clock of what has no hole, both ascending. Kept from the second run on until the first is taken out, when all are about to be. */
        private @Nullable Map<Long, TreeMap<Long, Long>> covered;

        boolean covers(Run run) {
            if (runs.isEmpty()) {
                return false;
            }
            Map<Long, TreeMap<Long, Long>> known = covered;
            if (known == null) {
                known = new HashMap<>();
                covered = known;
                for (Run each : runs) {
                    cover(known, each);
                }
            }
            TreeMap<Long, Long> ends = known.get(run.client());
            if (ends == null) {
                return false;
            }
            for (int at = 0, behind; at < run.structs.count; at = behind) {
                behind = run.holeAfter(at);
                Map.Entry<Long, Long> before = ends.floorEntry(run.structs.clock[at]);
                if (before == null || before.getValue() < run.end(behind - 1)) {
                    return false;
                }
            }
            return true;
        }

        void add(Run run) {
            runs.add(run);
            if (covered != null) {
                cover(covered, run);
            }
        }

        Run take() {
            covered = null;
            return runs.remove(runs.size() - 1);
        }

        private static void cover(Map<Long, TreeMap<Long, Long>> known, Run run) {
            TreeMap<Long, Long> ends = known.computeIfAbsent(run.client(), client -> new TreeMap<>());
            for (int at = 0, behind; at < run.structs.count; at = behind) {
                behind = run.holeAfter(at);
                cover(ends, run.structs.clock[at], run.end(behind - 1));
            }
        }

        private static void cover(TreeMap<Long, Long> ends, long first, long end) {
            Map.Entry<Long, Long> before = ends.floorEntry(first);
            if (before != null && before.getValue() >= end) {
                return;
            }
            ends.put(first, end);
            Map.Entry<Long, Long> after = ends.higherEntry(first);
            while (after != null && after.getValue() <= end) {
                ends.remove(after.getKey());
                after = ends.higherEntry(first);
            }
        }
    }

    /** Where deletions that begin at some clock end, and since when the newest of them waits. */
    private record Deletion(long end, long since) {}

    private static final long[] NOTHING = {};
    private static final long NEVER = Long.MAX_VALUE;

    private final UpdateLimits limits;
    private final TimeSource time;
    private final Map<Long, TreeMap<Long, Bucket>> runs = new HashMap<>();

    /** By client: deletions by first clock, ascending, without neighbours that touch. */
    private final Map<Long, TreeMap<Long, Deletion>> deletes = new HashMap<>();

    private int structCount;
    private int deleteCount;
    private long bytes;
    private long dropped;

    /** Nothing waits since before; {@link #NEVER} if nothing waits. */
    private long oldest = NEVER;

    /** Whether the oldest may have ceased to wait. */
    private boolean stale;

    Pending(UpdateLimits limits, TimeSource time) {
        this.limits = limits;
        this.time = time;
    }

    boolean isEmpty() {
        return structCount == 0 && deleteCount == 0;
    }

    int structCount() {
        return structCount;
    }

    int deleteCount() {
        return deleteCount;
    }

    /** Memory held, roughly. */
    long bytes() {
        return bytes;
    }

    /** Counts structs that had waited and contradict what has come meanwhile. */
    void drop(int structs) {
        dropped += structs;
    }

    /** Structs and deletions dropped so far because a bound was reached, or because others came under their ids. */
    long dropped() {
        return dropped;
    }

    void add(StructBatch structs, long blockedClient, long blockedClock) {
        add(new Run(structs, time.millis()), blockedClient, blockedClock);
    }

    /** As {@link #add(StructBatch, long, long)}, for what has waited already. */
    void add(Run run, long blockedClient, long blockedClock) {
        StructBatch structs = run.structs();
        long size = structs.retainedBytes();
        Bucket same = runs.computeIfAbsent(blockedClient, id -> new TreeMap<>())
                .computeIfAbsent(blockedClock, c -> new Bucket());
        if (same.covers(run)) {
            return;
        }
        if (structCount + structs.count > limits.maxPendingStructs() || bytes + size > limits.maxPendingBytes()) {
            dropped += structs.count;
            if (same.runs.isEmpty()) {
                forget(blockedClient, blockedClock);
            }
            return;
        }
        structCount += structs.count;
        bytes += size;
        oldest = Math.min(oldest, run.since());
        same.add(run);
    }

    private void forget(long client, long clock) {
        TreeMap<Long, Bucket> waiting = runs.get(client);
        if (waiting != null) {
            waiting.remove(clock);
            if (waiting.isEmpty()) {
                runs.remove(client);
            }
        }
    }

    /** Takes out a run that waits for a unit of a client below {@code next}, or returns null. */
    @Nullable
    Run poll(long client, long next) {
        TreeMap<Long, Bucket> waiting = runs.get(client);
        if (waiting == null || waiting.firstKey() >= next) {
            return null;
        }
        Map.Entry<Long, Bucket> first = waiting.firstEntry();
        Run run = first.getValue().take();
        if (first.getValue().runs.isEmpty()) {
            forget(client, first.getKey());
        }
        structCount -= run.structs().count;
        bytes -= run.structs().retainedBytes();
        stale = true;
        return run;
    }

    /** Amortised O(log ranges of the client): each range that is swallowed had been added before. */
    void addDelete(long client, long from, long to) {
        TreeMap<Long, Deletion> ranges = deletes.computeIfAbsent(client, id -> new TreeMap<>());
        Map.Entry<Long, Deletion> before = ranges.floorEntry(from);
        long start = from;
        if (before != null && before.getValue().end() >= from) {
            if (before.getValue().end() >= to) {
                return;
            }
            start = before.getKey();
        }
        Map.Entry<Long, Deletion> after = ranges.ceilingEntry(from);
        boolean grows = start < from || after != null && after.getKey() <= to;
        if (!grows && deleteCount >= limits.maxPendingDeletes()) {
            dropped++;
            if (ranges.isEmpty()) {
                deletes.remove(client);
            }
            return;
        }
        long end = to;
        while (after != null && after.getKey() <= to) {
            end = Math.max(end, after.getValue().end());
            ranges.remove(after.getKey());
            deleteCount--;
            after = ranges.ceilingEntry(from);
        }
        long now = time.millis();
        oldest = Math.min(oldest, now);
        if (ranges.put(start, new Deletion(end, now)) == null) {
            deleteCount++;
        }
    }

    /** Takes out the deletions that begin below {@code next}: from, to, from, to … */
    long[] pollDeletes(long client, long next) {
        TreeMap<Long, Deletion> ranges = deletes.get(client);
        if (ranges == null) {
            return NOTHING;
        }
        NavigableMap<Long, Deletion> ready = ranges.headMap(next, false);
        long[] flat = new long[2 * ready.size()];
        int filled = 0;
        for (Map.Entry<Long, Deletion> range : ready.entrySet()) {
            flat[filled++] = range.getKey();
            flat[filled++] = range.getValue().end();
        }
        deleteCount -= filled / 2;
        stale |= filled > 0;
        ready.clear();
        if (ranges.isEmpty()) {
            deletes.remove(client);
        }
        return flat;
    }

    // age

    /** How long the oldest has waited, in milliseconds; 0 if nothing waits. O(what waits) if something has ceased to wait since it was last asked for, else O(1) */
    long millis() {
        if (stale) {
            findOldest();
        }
        return oldest == NEVER ? 0 : Math.max(0, time.millis() - oldest);
    }

    /**
     * Drops what has waited for longer than the limits allow. O(what waits), but only after the oldest of it has become too old or has ceased to wait
     * since the last time; a clock that steps back delays it.
     */
    void expire() {
        if (isEmpty()) {
            oldest = NEVER;
            stale = false;
            return;
        }
        long now = time.millis();
        if (now - oldest <= limits.maxPendingMillis()) {
            return;
        }
        long bound = now - limits.maxPendingMillis();
        runs.values().removeIf(waiting -> {
            waiting.values().removeIf(bucket -> {
                bucket.covered = null;
                bucket.runs.removeIf(run -> {
                    boolean late = run.since() < bound;
                    if (late) {
                        structCount -= run.structs().count;
                        bytes -= run.structs().retainedBytes();
                        dropped += run.structs().count;
                    }
                    return late;
                });
                return bucket.runs.isEmpty();
            });
            return waiting.isEmpty();
        });
        deletes.values().removeIf(ranges -> {
            int before = ranges.size();
            ranges.values().removeIf(deletion -> deletion.since() < bound);
            deleteCount -= before - ranges.size();
            dropped += before - ranges.size();
            return ranges.isEmpty();
        });
        findOldest();
    }

    private void findOldest() {
        long found = NEVER;
        for (TreeMap<Long, Bucket> waiting : runs.values()) {
            for (Bucket same : waiting.values()) {
                for (Run run : same.runs) {
                    found = Math.min(found, run.since());
                }
            }
        }
        for (TreeMap<Long, Deletion> ranges : deletes.values()) {
            for (Deletion deletion : ranges.values()) {
                found = Math.min(found, deletion.since());
            }
        }
        oldest = found;
        stale = false;
    }

    /** For each client the lowest clock that something waits for. */
    StateVector missing() {
        StateVector.Builder builder = StateVector.builder();
        runs.forEach((client, waiting) -> builder.add(client, waiting.firstKey()));
        deletes.forEach((client, ranges) -> {
            if (!runs.containsKey(client)) {
                builder.add(client, ranges.firstKey());
            }
        });
        return builder.build();
    }

    /** What waits, as updates of their own. */
    List<byte[]> encode() {
        List<byte[]> updates = new ArrayList<>();
        UpdateWriter out = UpdateWriter.v1();
        for (TreeMap<Long, Bucket> waiting : runs.values()) {
            for (Bucket same : waiting.values()) {
                for (Run run : same.runs) {
                    out.reset();
                    run.structs().writeTo(out);
                    updates.add(out.toByteArray());
                }
            }
        }
        if (!deletes.isEmpty()) {
            out.reset();
            out.count(0);
            DeleteSet.Builder builder = DeleteSet.builder();
            deletes.forEach((client, ranges) ->
                    ranges.forEach((from, deletion) -> builder.add(client, from, deletion.end() - from)));
            builder.build().writeTo(out);
            updates.add(out.toByteArray());
        }
        return updates;
    }
}
