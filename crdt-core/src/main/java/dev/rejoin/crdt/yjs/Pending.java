package dev.rejoin.crdt.yjs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What has arrived before what it refers to: runs of structs by the unit they wait for, and deletions of units that are not there yet.
 * Bounded; what exceeds the bounds is dropped and counted, and must be asked for again.
 */
final class Pending {
    /** Structs of one client that wait together. */
    record Run(StructBatch structs) {
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

    private static final long[] NOTHING = {};

    private final UpdateLimits limits;
    private final Map<Long, TreeMap<Long, Bucket>> runs = new HashMap<>();

    /** By client: ends by first clock, ascending, without neighbours that touch. */
    private final Map<Long, TreeMap<Long, Long>> deletes = new HashMap<>();

    private int structCount;
    private int deleteCount;
    private long bytes;
    private long dropped;

    Pending(UpdateLimits limits) {
        this.limits = limits;
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
        Run run = new Run(structs);
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
        return run;
    }

    /** Amortised O(log ranges of the client): each range that is swallowed had been added before. */
    void addDelete(long client, long from, long to) {
        TreeMap<Long, Long> ranges = deletes.computeIfAbsent(client, id -> new TreeMap<>());
        Map.Entry<Long, Long> before = ranges.floorEntry(from);
        long start = from;
        if (before != null && before.getValue() >= from) {
            if (before.getValue() >= to) {
                return;
            }
            start = before.getKey();
        }
        Map.Entry<Long, Long> after = ranges.ceilingEntry(from);
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
            end = Math.max(end, after.getValue());
            ranges.remove(after.getKey());
            deleteCount--;
            after = ranges.ceilingEntry(from);
        }
        if (ranges.put(start, end) == null) {
            deleteCount++;
        }
    }

    /** Takes out the deletions that begin below {@code next}: from, to, from, to … */
    long[] pollDeletes(long client, long next) {
        TreeMap<Long, Long> ranges = deletes.get(client);
        if (ranges == null) {
            return NOTHING;
        }
        NavigableMap<Long, Long> ready = ranges.headMap(next, false);
        long[] flat = new long[2 * ready.size()];
        int filled = 0;
        for (Map.Entry<Long, Long> range : ready.entrySet()) {
            flat[filled++] = range.getKey();
            flat[filled++] = range.getValue();
        }
        deleteCount -= filled / 2;
        ready.clear();
        if (ranges.isEmpty()) {
            deletes.remove(client);
        }
        return flat;
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
            deletes.forEach((client, ranges) -> ranges.forEach((from, to) -> builder.add(client, from, to - from)));
            builder.build().writeTo(out);
            updates.add(out.toByteArray());
        }
        return updates;
    }
}
