package dev.rejoin.crdt.yjs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What has arrived before what it refers to: runs of structs by the unit they wait for, and deletions of units that are not there yet.
 * Bounded; what exceeds the bounds is dropped and counted, and must be asked for again.
 */
final class Pending {
    /** Structs of one client that wait together. */
    record Run(StructBatch structs) {
        long first() {
            return structs.clock[0];
        }

        long end() {
            return structs.clock[structs.count - 1] + structs.length[structs.count - 1];
        }

        boolean covers(Run other) {
            return structs.client[0] == other.structs.client[0] && first() <= other.first() && end() >= other.end();
        }
    }

    private static final long[] NOTHING = {};

    private final UpdateLimits limits;
    private final Map<Long, TreeMap<Long, List<Run>>> runs = new HashMap<>();
    private final Map<Long, List<long[]>> deletes = new HashMap<>();
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

    /** Structs and deletions dropped so far because a bound was reached. */
    long dropped() {
        return dropped;
    }

    void add(StructBatch structs, long blockedClient, long blockedClock) {
        Run run = new Run(structs);
        long size = structs.retainedBytes();
        List<Run> same = runs.computeIfAbsent(blockedClient, id -> new TreeMap<>())
                .computeIfAbsent(blockedClock, c -> new ArrayList<>(1));
        for (int i = same.size() - 1; i >= 0; i--) {
            if (same.get(i).covers(run)) {
                return;
            }
        }
        if (structCount + structs.count > limits.maxPendingStructs() || bytes + size > limits.maxPendingBytes()) {
            dropped += structs.count;
            if (same.isEmpty()) {
                forget(blockedClient, blockedClock);
            }
            return;
        }
        structCount += structs.count;
        bytes += size;
        same.add(run);
    }

    private void forget(long client, long clock) {
        TreeMap<Long, List<Run>> waiting = runs.get(client);
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
        TreeMap<Long, List<Run>> waiting = runs.get(client);
        if (waiting == null || waiting.firstKey() >= next) {
            return null;
        }
        Map.Entry<Long, List<Run>> first = waiting.firstEntry();
        List<Run> same = first.getValue();
        Run run = same.remove(same.size() - 1);
        if (same.isEmpty()) {
            forget(client, first.getKey());
        }
        structCount -= run.structs().count;
        bytes -= run.structs().retainedBytes();
        return run;
    }

    void addDelete(long client, long from, long to) {
        List<long[]> ranges = deletes.computeIfAbsent(client, id -> new ArrayList<>(1));
        for (int i = ranges.size() - 1; i >= 0; i--) {
            long[] range = ranges.get(i);
            if (range[0] <= from && to <= range[1]) {
                return;
            }
            if (from <= range[1] && range[0] <= to) {
                range[0] = Math.min(range[0], from);
                range[1] = Math.max(range[1], to);
                return;
            }
        }
        if (deleteCount == limits.maxPendingDeletes()) {
            dropped++;
            if (ranges.isEmpty()) {
                deletes.remove(client);
            }
            return;
        }
        ranges.add(new long[] {from, to});
        deleteCount++;
    }

    /** Takes out the deletions that begin below {@code next}: from, to, from, to … */
    long[] pollDeletes(long client, long next) {
        List<long[]> ranges = deletes.get(client);
        if (ranges == null) {
            return NOTHING;
        }
        List<long[]> ready = new ArrayList<>();
        for (int i = ranges.size() - 1; i >= 0; i--) {
            if (ranges.get(i)[0] < next) {
                ready.add(ranges.remove(i));
            }
        }
        if (ranges.isEmpty()) {
            deletes.remove(client);
        }
        deleteCount -= ready.size();
        long[] flat = new long[2 * ready.size()];
        for (int i = 0; i < ready.size(); i++) {
            flat[2 * i] = ready.get(i)[0];
            flat[2 * i + 1] = ready.get(i)[1];
        }
        return flat;
    }

    /** For each client the lowest clock that something waits for. */
    StateVector missing() {
        StateVector.Builder builder = StateVector.builder();
        runs.forEach((client, waiting) -> builder.add(client, waiting.firstKey()));
        deletes.forEach((client, ranges) -> {
            if (!runs.containsKey(client)) {
                builder.add(
                        client,
                        ranges.stream().mapToLong(range -> range[0]).min().orElse(0));
            }
        });
        return builder.build();
    }

    /** What waits, as updates of their own. */
    List<byte[]> encode() {
        List<byte[]> updates = new ArrayList<>();
        UpdateWriter out = UpdateWriter.v1();
        for (TreeMap<Long, List<Run>> waiting : runs.values()) {
            for (List<Run> same : waiting.values()) {
                for (Run run : same) {
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
            deletes.forEach(
                    (client, ranges) -> ranges.forEach(range -> builder.add(client, range[0], range[1] - range[0])));
            builder.build().writeTo(out);
            updates.add(out.toByteArray());
        }
        return updates;
    }
}
