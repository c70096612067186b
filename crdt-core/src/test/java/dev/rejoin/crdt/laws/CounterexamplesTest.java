package dev.rejoin.crdt.laws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.LwwRegister;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Histories on which other libraries are known to go wrong. */
class CounterexamplesTest {

    /** Pekko's OR-Set: the delta of the second add without the first, then full states, and the first element is gone for good. */
    @Test
    void pekkosLostDeltaCounterexample() {
        OrSet<String> writer = OrSet.standalone(ReplicaId.of(1), ValueCodec.STRING);
        OrSet<String> reader = OrSet.standalone(ReplicaId.of(2), ValueCodec.STRING);
        writer.add("first");
        Delta second = writer.add("second");

        reader.merge(second);
        assertEquals(List.of("second"), reader.elements());
        assertFalse(reader.version().contains(new dev.rejoin.crdt.clock.Dot(ReplicaId.of(1), 1)), "the gap is kept");

        Delta fromReader = reader.state();
        reader.merge(writer.state());
        writer.merge(fromReader);
        assertEquals(List.of("first", "second"), reader.elements());
        assertEquals(List.of("first", "second"), writer.elements());
        assertEquals(writer.state(), reader.state());
    }

    /** wurmloch's register: C1, then A1 having seen C1, B1 concurrent to both; it ends on B1 or C1 depending on the order. */
    @Test
    void wurmlochsRegisterCounterexample() {
        for (long[] clocks : new long[][] {{5, 5, 5}, {1, 2, 3}, {3, 2, 1}, {1, 9, 5}}) {
            LwwRegister<String> a = register(1, clocks[0]);
            LwwRegister<String> b = register(2, clocks[1]);
            LwwRegister<String> c = register(3, clocks[2]);
            Delta c1 = c.set("C1");
            a.merge(c1);
            Delta a1 = a.set("A1");
            Delta b1 = b.set("B1");

            List<String> ends = new ArrayList<>();
            for (List<Delta> order : List.of(
                    List.of(c1, a1, b1),
                    List.of(c1, b1, a1),
                    List.of(a1, c1, b1),
                    List.of(a1, b1, c1),
                    List.of(b1, c1, a1),
                    List.of(b1, a1, c1))) {
                LwwRegister<String> reader = register(4, 0);
                order.forEach(reader::merge);
                assertFalse(reader.get().equals("C1"), "A1 has seen C1 and replaces it");
                assertTrue(
                        reader.get().equals("A1") || reader.conflicts().contains("A1"),
                        "the causally newest is never lost");
                ends.add(reader.get() + reader.conflicts() + reader.state());
            }
            assertEquals(1, ends.stream().distinct().count(), "every order ends alike");
        }
    }

    private static LwwRegister<String> register(long replica, long millis) {
        return LwwRegister.standalone(ReplicaId.of(replica), ValueCodec.STRING, () -> millis);
    }
}
