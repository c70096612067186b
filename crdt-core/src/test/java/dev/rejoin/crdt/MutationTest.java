package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class MutationTest {

    @Test
    void mutationsComeBackFromTheirBytes() {
        List<Mutation> all = new ArrayList<>();
        for (Mutation.Op op : Mutation.Op.values()) {
            for (ObjectType type : ObjectType.values()) {
                all.add(new Mutation(List.of("m", "k"), type, op, op.ordinal()));
            }
        }
        byte[] bytes = Mutation.encodeAll(all);
        assertEquals(all, Mutation.decodeAll(bytes));
        assertArrayEquals(
                bytes, Values.encode(all.stream().map(Mutation::toValue).toList()));
        assertEquals(List.of(), Mutation.decodeAll(Mutation.encodeAll(List.of())));
    }

    @Test
    void manyLargeMutationsTogetherMayExceedAValue() {
        Mutation large = new Mutation(List.of("k"), ObjectType.OR_SET, Mutation.Op.ADD, "x".repeat(700_000));
        List<Mutation> three = Collections.nCopies(3, large);
        assertEquals(three, Mutation.decodeAll(Mutation.encodeAll(three)));
    }

    @Test
    void theValueIsBroughtIntoCanonicalForm() {
        assertEquals(2L, new Mutation(List.of("c"), ObjectType.PNCOUNTER, Mutation.Op.INCREMENT, 2.0).value());
        assertEquals(Values.NULL, new Mutation(List.of("c"), ObjectType.PNCOUNTER, Mutation.Op.RESET, null).value());
    }

    @Test
    void whatIsNoMutationIsRefused() {
        for (Object value : new Object[] {
            1,
            List.of(1),
            List.of(List.of(List.of(), "set", "add", 1)),
            List.of(List.of(List.of(1), "set", "add", 1)),
            List.of(List.of(List.of("k"), "sack", "add", 1)),
            List.of(List.of(List.of("k"), "set", "steal", 1)),
            List.of(List.of(List.of("k"), "set", "add"))
        }) {
            assertThrows(
                    MalformedDeltaException.class, () -> Mutation.decodeAll(Values.encode(value)), value::toString);
        }
    }

    @Test
    void pathsAndKeysAreBounded() {
        ObjectKey key = ObjectKey.root(ObjectType.MAP, "0");
        while (key.depth() < ObjectKey.MAX_DEPTH) {
            key = key.child(ObjectType.MAP, "k");
        }
        ObjectKey deepest = key;
        assertEquals(32, deepest.path().size());
        assertThrows(IllegalArgumentException.class, () -> deepest.child(ObjectType.OR_SET, "k"));
        assertThrows(IllegalArgumentException.class, () -> ObjectKey.root(ObjectType.OR_SET, "k".repeat(1025)));
        assertThrows(IllegalArgumentException.class, () -> ObjectKey.root(ObjectType.OR_SET, "\ud800"));
        ObjectKey set = ObjectKey.root(ObjectType.OR_SET, "s");
        assertThrows(IllegalArgumentException.class, () -> set.child(ObjectType.OR_SET, "k"));
    }

    @Test
    void keysAreOrderedFromTheRoot() {
        ObjectKey a = ObjectKey.root(ObjectType.MAP, "a");
        ObjectKey b = ObjectKey.root(ObjectType.MAP, "b");
        ObjectKey az = a.child(ObjectType.MAP, "z");
        ObjectKey azy = az.child(ObjectType.OR_SET, "y");
        List<ObjectKey> ascending =
                List.of(ObjectKey.root(ObjectType.OR_SET, "a"), a, az, azy, b, b.child(ObjectType.FLAG, "a"));
        for (int i = 0; i < ascending.size(); i++) {
            for (int j = 0; j < ascending.size(); j++) {
                int order = ascending.get(i).compareTo(ascending.get(j));
                assertEquals(Integer.compare(i, j), Integer.signum(order));
                assertEquals(i == j, ascending.get(i).equals(ascending.get(j)));
            }
        }
        assertTrue(azy.equals(
                ObjectKey.root(ObjectType.MAP, "a").child(ObjectType.MAP, "z").child(ObjectType.OR_SET, "y")));
        assertEquals("map:a/map:z/set:y", azy.toString());
    }
}
