package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A delta spelt out dot by dot, in any order: for tests. */
final class FragmentBuilder {

    private static final Cell NOTHING = new Cell(ObjectKey.root(ObjectType.FLAG, ""), Values.NULL);

    private final TreeMap<ReplicaId, TreeMap<Long, Object[]>> dots = new TreeMap<>();

    static FragmentBuilder delta() {
        return new FragmentBuilder();
    }

    /** A live dot. A payload that is no record of the library is a VALUE. */
    FragmentBuilder cell(ReplicaId replica, long counter, ObjectKey object, @Nullable Object payload) {
        Object canonical = payload != null && payload.getClass().isRecord() ? payload : Values.canonical(payload);
        return put(replica, counter, counter, new Cell(object, canonical));
    }

    /** Dead dots, which overlap nothing that was added before. */
    FragmentBuilder dead(ReplicaId replica, long low, long high) {
        return put(replica, low, high, NOTHING);
    }

    private FragmentBuilder put(ReplicaId replica, long low, long high, Cell cell) {
        new Dot(replica, low);
        dots.computeIfAbsent(replica, r -> new TreeMap<>(Collections.reverseOrder()))
                .put(high, new Object[] {low, cell});
        return this;
    }

    Delta build() {
        DeltaAssembler out = new DeltaAssembler();
        for (Map.Entry<ReplicaId, TreeMap<Long, Object[]>> section : dots.entrySet()) {
            out.section(section.getKey());
            for (Map.Entry<Long, Object[]> run : section.getValue().entrySet()) {
                Cell cell = (Cell) run.getValue()[1];
                out.run(run.getKey(), (Long) run.getValue()[0], cell != NOTHING);
                if (cell != NOTHING) {
                    out.cell(cell);
                }
            }
        }
        return out.build();
    }
}
