package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The transaction that a store has open, or none: its cells in the order of their dots, null where one was removed again, what it has removed,
 * and what its author asked for. One object for all transactions of a store, one after the other.
 */
final class OpenTransaction {
    private static final Cell[] NO_CELLS = {};
    private static final int[] ONE_RUN = {1};
    private static final int[] TWO_RUNS = {2};

    /** Stands where nothing does, so that nothing is kept from being collected. */
    private static final ObjectKey NOTHING = ObjectKey.root(ObjectType.MAP, "");

    /** Arrays longer than this are given up afterwards. */
    private static final int MAX_KEPT = 1_024;

    private final ReplicaId self;

    /** What most deltas of a store share. */
    private final ReplicaId[] selfOnly;

    private final ReplicaDirectory replicas;

    int depth;

    /** Its first dot. */
    long first;

    private int count;

    @Nullable
    private Cell[] cells = new Cell[1];

    private int removedCount;
    private long[] removed = new long[1];
    private ObjectKey[] removedObjects = new ObjectKey[1];
    private Object[] removedPayloads = new Object[1];

    /** What the author asked for, where somebody will want to know. */
    private final ArrayList<Intent> intents = new ArrayList<>();

    /** A call of a mutator. */
    private record Intent(ObjectKey object, Mutation.Op op, Object value) {}

    /** Takes a removed cell. */
    @FunctionalInterface
    interface Removed {
        void accept(long dot, ObjectKey object, Object payload);
    }

    OpenTransaction(ReplicaId self, ReplicaDirectory replicas) {
        this.self = self;
        this.selfOnly = new ReplicaId[] {self};
        this.replicas = replicas;
    }

    boolean isOpen() {
        return depth > 0;
    }

    /** Whether it has neither written nor removed anything. */
    boolean isEmpty() {
        return count == 0 && removedCount == 0;
    }

    /** The last dot that it uses up: each transaction uses one, so that a version covers removals too. */
    long last() {
        return first + Math.max(1, count) - 1;
    }

    /** Whether a cell was written by this transaction. */
    boolean wrote(long dot) {
        return PackedDot.replica(dot) == 0 && PackedDot.counter(dot) >= first;
    }

    /** Takes the next own dot for a cell. */
    long issue(ObjectKey object, Object payload) {
        if (count == cells.length) {
            cells = Arrays.copyOf(cells, count * 2);
        }
        long counter = first + count;
        if (counter > Dot.MAX_COUNTER) {
            throw new IllegalStateException("replica has used up its counters");
        }
        cells[count++] = new Cell(object, payload);
        return counter;
    }

    /** A cell of its own has been removed again. */
    void unwrite(long dot) {
        cells[(int) (PackedDot.counter(dot) - first)] = null;
    }

    /** A cell of an earlier transaction has been removed. */
    void remember(long dot, ObjectKey object, Object payload) {
        int at = removedCount;
        if (at == removed.length) {
            removed = Arrays.copyOf(removed, at * 2);
            removedObjects = Arrays.copyOf(removedObjects, at * 2);
            removedPayloads = Arrays.copyOf(removedPayloads, at * 2);
        }
        removedObjects[at] = object;
        removedPayloads[at] = payload;
        removed[at] = dot;
        removedCount++;
    }

    void intend(ObjectKey object, Mutation.Op op, Object value) {
        intents.add(new Intent(object, op, value));
    }

    /** What the author asked for, in typed changes; objects of unknown types are left out. */
    List<Mutation> mutations() {
        List<Mutation> mutations = new ArrayList<>(intents.size());
        for (Intent intent : intents) {
            ObjectType type = intent.object.type();
            if (type != null) {
                mutations.add(new Mutation(intent.object.path(), type, intent.op, intent.value));
            }
        }
        return List.copyOf(mutations);
    }

    /** The dots of its own cells that are still there. */
    void forEachWritten(LongConsumer written) {
        for (int i = 0; i < count; i++) {
            if (cells[i] != null) {
                written.accept(first + i);
            }
        }
    }

    void forEachRemoved(Removed consumer) {
        for (int i = 0; i < removedCount; i++) {
            consumer.accept(removed[i], removedObjects[i], removedPayloads[i]);
        }
    }

    /** Forgets all, for the next one. */
    void reset() {
        intents.clear();
        Arrays.fill(cells, 0, count, null);
        Arrays.fill(removedObjects, 0, removedCount, NOTHING);
        Arrays.fill(removedPayloads, 0, removedCount, NOTHING);
        if (cells.length > MAX_KEPT) {
            cells = new Cell[4];
        }
        if (removed.length > MAX_KEPT) {
            removed = new long[4];
            removedObjects = new ObjectKey[4];
            removedPayloads = new Object[4];
        }
        depth = 0;
        count = 0;
        removedCount = 0;
    }

    // its delta

    /** What it adds and removes. */
    Delta delta() {
        long last = last();
        if (removedCount == 0) {
            return ownOnly(last);
        }
        if (removedCount == 1 && count <= 1 && PackedDot.replica(removed[0]) == 0) {
            return oneForOne(count == 0 ? null : cells[0], last, removed[0]);
        }
        long[] dots = replicas.inDotOrder(Arrays.copyOf(removed, removedCount));
        DeltaAssembler out = new DeltaAssembler();
        boolean ownDone = false;
        int end = dots.length;
        int start = 0;
        while (start < end || !ownDone) {
            ReplicaId id = start < end ? replicas.idOf(dots[start]) : null;
            if (!ownDone && (id == null || id.compareTo(self) >= 0)) {
                out.section(self);
                ownRuns(out, last);
                ownDone = true;
                if (!self.equals(id)) {
                    continue;
                }
            } else if (id != null) {
                out.section(id);
            }
            int stop = start;
            while (stop < end && PackedDot.replica(dots[stop]) == PackedDot.replica(dots[start])) {
                stop++;
            }
            for (int i = stop - 1; i >= start; i--) {
                long counter = PackedDot.counter(dots[i]);
                out.run(counter, counter, false);
            }
            start = stop;
        }
        return out.build();
    }

    private Delta ownOnly(long last) {
        if (count == 1 && cells[0] != null) {
            return one(cells[0], last);
        }
        DeltaAssembler out = new DeltaAssembler();
        out.section(self);
        ownRuns(out, last);
        return out.build();
    }

    /** The commonest delta: one own cell is written. */
    Delta one(Cell cell, long dot) {
        return new Delta(selfOnly, ONE_RUN, new long[] {dot << 1 | 1, dot}, new Cell[] {cell});
    }

    /** The commonest removal: one own cell goes, and one or none takes its place. */
    Delta oneForOne(@Nullable Cell cell, long dot, long gone) {
        boolean live = cell != null;
        boolean oneRun = !live && gone == dot - 1;
        return new Delta(
                selfOnly,
                oneRun ? ONE_RUN : TWO_RUNS,
                oneRun ? new long[] {dot << 1, gone} : new long[] {dot << 1 | (live ? 1 : 0), dot, gone << 1, gone},
                live ? new Cell[] {cell} : NO_CELLS);
    }

    private void ownRuns(DeltaAssembler out, long last) {
        if (count == 0) {
            out.run(last, last, false);
            return;
        }
        for (int i = count - 1; i >= 0; i--) {
            Cell cell = cells[i];
            out.run(first + i, first + i, cell != null);
            if (cell != null) {
                out.cell(cell);
            }
        }
    }
}
