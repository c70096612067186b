package dev.rejoin.crdt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells in typed changes what cells added and removed together mean. */
final class Description {
    private final Map<ObjectKey, Cells> objects = new LinkedHashMap<>();

    private static final class Cells {
        final List<Object> added = new ArrayList<>();
        final List<Object> removed = new ArrayList<>();
    }

    void added(Cell cell) {
        if (cell.payload() instanceof Opaque) {
            return;
        }
        objects.computeIfAbsent(cell.object(), key -> new Cells()).added.add(cell.payload());
    }

    void removed(Cell cell) {
        if (cell.payload() instanceof Opaque) {
            return;
        }
        objects.computeIfAbsent(cell.object(), key -> new Cells()).removed.add(cell.payload());
    }

    List<Mutation> mutations() {
        List<Mutation> mutations = new ArrayList<>();
        objects.forEach((key, cells) -> {
            ObjectType type = key.type();
            if (type != null) {
                describe(key, type, cells, mutations);
            }
        });
        return List.copyOf(mutations);
    }

    private static void describe(ObjectKey key, ObjectType type, Cells cells, List<Mutation> out) {
        switch (type) {
            case GCOUNTER, PNCOUNTER -> describeCounter(key, type, cells, out);
            case LWW_REGISTER, MV_REGISTER -> {
                for (Object payload : cells.added) {
                    Object value = payload instanceof Stamped stamped ? stamped.value() : payload;
                    out.add(mutation(key, type, Mutation.Op.SET, value));
                }
                if (cells.added.isEmpty()) {
                    out.add(mutation(key, type, Mutation.Op.CLEAR, null));
                }
            }
            case OR_SET, RW_SET -> {
                Set<Object> mentioned = new LinkedHashSet<>();
                for (Object payload : cells.added) {
                    boolean absent = payload instanceof Absent;
                    Object element = payload instanceof Absent a ? a.value() : payload;
                    mentioned.add(element);
                    out.add(mutation(key, type, absent ? Mutation.Op.REMOVE : Mutation.Op.ADD, element));
                }
                for (Object payload : cells.removed) {
                    Object element = payload instanceof Absent a ? a.value() : payload;
                    if (mentioned.add(element)) {
                        out.add(mutation(key, type, Mutation.Op.REMOVE, element));
                    }
                }
            }
            case FLAG, DW_FLAG -> {
                boolean enabled = false;
                for (Object payload : cells.added) {
                    enabled = !(payload instanceof Absent);
                }
                out.add(mutation(key, type, enabled ? Mutation.Op.ENABLE : Mutation.Op.DISABLE, null));
            }
            case MAP -> throw new IllegalStateException("a map holds no cells");
        }
    }

    private static void describeCounter(ObjectKey key, ObjectType type, Cells cells, List<Mutation> out) {
        boolean incremented = false;
        boolean reset = false;
        for (Object payload : cells.added) {
            reset |= payload instanceof Baseline;
        }
        if (reset || cells.added.isEmpty()) {
            out.add(mutation(key, type, Mutation.Op.RESET, null));
        }
        for (Object payload : cells.added) {
            long amount = 0;
            if (payload instanceof Amount single) {
                amount = single.n();
            } else if (payload instanceof Tally tally) {
                Tally before = tallyIn(cells.removed);
                amount = tally.p() - tally.n() - (before == null || reset ? 0 : before.p() - before.n());
            }
            if (amount != 0) {
                out.add(mutation(key, type, Mutation.Op.INCREMENT, amount));
                incremented = true;
            }
        }
        assert incremented || reset || cells.added.isEmpty() || !cells.removed.isEmpty();
    }

    private static @Nullable Tally tallyIn(List<Object> payloads) {
        for (Object payload : payloads) {
            if (payload instanceof Tally tally) {
                return tally;
            }
        }
        return null;
    }

    private static Mutation mutation(ObjectKey key, ObjectType type, Mutation.Op op, @Nullable Object value) {
        return new Mutation(key.path(), type, op, value == null ? Values.NULL : value);
    }
}
