package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cells of a later version may be in any object: they are carried and relayed, and nobody sees them. */
class OpaqueCellsTest {
    private static final ReplicaId LATER = ReplicaId.of(0xa1);
    private static final ReplicaId OWN = ReplicaId.of(0xb2);

    static Stream<ObjectKey> objects() {
        return Stream.of(ObjectType.values()).flatMap(type -> {
            ObjectKey map = ObjectKey.root(ObjectType.MAP, "m");
            return Stream.of(ObjectKey.root(type, "x"), map.child(type, "x"));
        });
    }

    private static Opaque opaque(int n) {
        return new Opaque(99, Bytes.of((byte) n));
    }

    private static ObjectStore store() {
        return new ObjectStore(OWN, false, () -> 1_000);
    }

    private static Delta opaqueCells(ObjectKey object, int count) {
        FragmentBuilder cells = FragmentBuilder.delta();
        for (int i = 1; i <= count; i++) {
            cells.cell(LATER, i, object, opaque(i));
        }
        return cells.build();
    }

    @ParameterizedTest
    @MethodSource("objects")
    void theyAreCarriedAndShownNowhere(ObjectKey object) {
        ObjectStore store = store();
        List<CommitEvent> heard = new ArrayList<>();
        store.onCommit(heard::add);
        Delta cells = Delta.decode(opaqueCells(object, 3).encode());
        assertTrue(store.describe(cells).isEmpty());
        store.merge(cells, null);
        assertEquals(List.of(), heard);
        assertEquals(List.of(), store.rootObjects());
        assertArrayEquals(cells.encode(), store.state().encode());
        store.checkInvariants();
        store.merge(Delta.voided(LATER, 2, 2), null);
        assertEquals(2, store.state().cellCount());
        store.checkInvariants();
    }

    @ParameterizedTest
    @MethodSource("objects")
    void theyDisturbNoWritesBesideThem(ObjectKey object) {
        ObjectType type = object.type();
        ObjectStore plain = store();
        ObjectStore store = store();
        store.merge(opaqueCells(object, 3), null);
        for (ObjectStore each : List.of(plain, store)) {
            switch (type) {
                case GCOUNTER -> each.gcounter(object).increment(3);
                case PNCOUNTER -> each.counter(object).add(-3);
                case LWW_REGISTER -> each.register(object, ValueCodec.STRING).set("v");
                case MV_REGISTER -> each.mvRegister(object, ValueCodec.STRING).set("v");
                case OR_SET, RW_SET -> {
                    OrSet<String> set = each.set(object, ValueCodec.STRING);
                    set.addAll(List.of("a", "b"));
                    set.remove("a");
                }
                case FLAG, DW_FLAG -> each.flag(object).enable();
                case MAP -> each.map(object).counter("n").increment();
            }
            each.checkInvariants();
        }
        assertEquals(value(plain, object), value(store, object));
        assertEquals(plain.rootObjects(), store.rootObjects());
    }

    @ParameterizedTest
    @MethodSource("objects")
    void aPendingWriteBesideThemIsTakenBackWhole(ObjectKey object) {
        ObjectStore store = new ObjectStore(OWN, true, () -> 1_000);
        store.confirm(opaqueCells(object, 3), 0, List.of());
        byte[] before = store.state().encode();
        switch (object.type()) {
            case GCOUNTER -> store.gcounter(object).increment(3);
            case PNCOUNTER -> store.counter(object).reset();
            case LWW_REGISTER -> store.register(object, ValueCodec.STRING).set("v");
            case MV_REGISTER -> store.mvRegister(object, ValueCodec.STRING).clear();
            case OR_SET, RW_SET -> store.set(object, ValueCodec.STRING).clear();
            case FLAG, DW_FLAG -> store.flag(object).enable();
            case MAP -> store.map(object).clear();
        }
        long last = store.issued();
        if (last > 0) {
            store.confirm(Delta.EMPTY, last, List.of(new DotRange(1, last)));
            assertEquals(opaqueCells(object, 3).cellCount(), store.state().cellCount());
        } else {
            assertArrayEquals(before, store.state().encode());
        }
        assertEquals(List.of(), store.rootObjects());
        assertFalse(store.isPending(object));
        store.checkInvariants();
    }

    @ParameterizedTest
    @MethodSource("objects")
    void manyOfThemInOneObjectCostNoMoreThanOneEach(ObjectKey object) {
        ObjectStore store = store();
        Delta cells = opaqueCells(object, 50_000);
        dev.rejoin.crdt.clock.CpuTime.assertWithin(java.time.Duration.ofSeconds(5), () -> {
            store.merge(cells, null);
            store.merge(Delta.voided(LATER, 1, 50_000), null);
        });
        assertEquals(0, store.state().cellCount());
    }

    private static Object value(ObjectStore store, ObjectKey object) {
        View view = store.view(object);
        return view.value();
    }
}
