package dev.rejoin.crdt.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ReplicaIdTest {

    @Test
    void textIsSixteenHexadecimalDigits() {
        assertEquals("00000000000000a1", ReplicaId.of(0xa1).toString());
        assertEquals("ffffffffffffffff", ReplicaId.of(-1).toString());
        for (long bits : new SplittableRandom(1).longs(1000).toArray()) {
            assertEquals(ReplicaId.of(bits), ReplicaId.parse(ReplicaId.of(bits).toString()));
        }
    }

    @Test
    void otherTextIsRefused() {
        for (String text : new String[] {
            "", "a1", "00000000000000g1", "000000000000000a1", "+0000000000000a1", "\u0660000000000000000"
        }) {
            assertThrows(IllegalArgumentException.class, () -> ReplicaId.parse(text), text);
        }
    }

    @Test
    void orderIsUnsigned() {
        assertTrue(ReplicaId.of(-1).compareTo(ReplicaId.of(1)) > 0);
        assertTrue(ReplicaId.of(Long.MIN_VALUE).compareTo(ReplicaId.of(Long.MAX_VALUE)) > 0);
    }

    @Test
    void dotsAreCheckedAndOrdered() {
        assertThrows(IllegalArgumentException.class, () -> new Dot(ReplicaId.of(1), 0));
        assertThrows(IllegalArgumentException.class, () -> new Dot(ReplicaId.of(1), 1L << 44));
        assertTrue(new Dot(ReplicaId.of(1), 9).compareTo(new Dot(ReplicaId.of(2), 1)) < 0);
        assertEquals("0000000000000001:9", new Dot(ReplicaId.of(1), 9).toString());
    }
}
