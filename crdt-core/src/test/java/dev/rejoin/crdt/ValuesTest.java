package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import java.lang.management.ManagementFactory;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ValuesTest {

    private enum Colour {
        RED,
        GREEN
    }

    @Test
    void oneAndOnePointZeroAreTheSameValue() {
        assertEquals(1L, Values.canonical(1.0));
        assertEquals(1L, Values.canonical(1));
        assertEquals(1L, Values.canonical((byte) 1));
        assertEquals(1L, Values.canonical(1f));
        assertEquals(1L, Values.canonical(BigInteger.ONE));
        assertArrayEquals(Values.encode(1), Values.encode(1.0));
    }

    @Test
    void minusZeroDiffersFromZeroAndAllNaNsAreOne() {
        assertNotEquals(Values.canonical(0.0), Values.canonical(-0.0));
        double payload = Double.longBitsToDouble(0x7ff8000000000123L);
        assertArrayEquals(Values.encode(Double.NaN), Values.encode(payload));
        assertArrayEquals(Values.encode(Double.NaN), Values.encode(Float.NaN));
    }

    @Test
    void integersBeyond2To53AreNotDoubles() {
        assertNotEquals(Values.canonical(1L << 53), Values.canonical((double) (1L << 53)));
    }

    @Test
    void plainJavaBecomesCanonical() {
        Map<String, Object> map = new HashMap<>();
        map.put("b", new byte[] {1});
        map.put("a", new ArrayList<>(Arrays.asList(null, 2.0, new Object[] {"x"})));
        Object canonical = Values.canonical(map);
        assertEquals(Map.of("a", List.of(Values.NULL, 2L, List.of("x")), "b", Bytes.of((byte) 1)), canonical);
        assertEquals("[a, b]", ((Map<?, ?>) canonical).keySet().toString());
        map.clear();
        assertEquals(2, ((Map<?, ?>) canonical).size());
    }

    @Test
    void canonicalContainersAreImmutable() {
        Map<?, ?> map = (Map<?, ?>) Values.decode(Values.encode(Map.of("k", 1)));
        assertThrows(UnsupportedOperationException.class, map::clear);
        List<?> list = (List<?>) Values.canonical(List.of(1));
        assertThrows(UnsupportedOperationException.class, list::clear);
        assertNull(map.get("other"));
        assertEquals(1L, map.get("k"));
    }

    @Test
    void whatIsNoValueIsRefused() {
        assertRefused(new Object());
        assertRefused('c');
        assertRefused(BigInteger.ONE.shiftLeft(63));
        assertRefused("\ud800");
        assertRefused("\udc00\ud800");
        assertRefused("a\ud83d");
        assertRefused(List.of("\ud800"));
        assertRefused(Map.of(1, "integer key"));
        assertRefused(Map.of("\ud800", 1));
        assertRefused(Collections.singletonMap(null, 1));
        List<Object> cycle = new ArrayList<>();
        cycle.add(cycle);
        assertRefused(cycle);
    }

    @Test
    void theLongestValueIsOneMebibyte() {
        assertEquals(1 << 20, Values.encode("x".repeat((1 << 20) - 4)).length);
        assertRefused("x".repeat((1 << 20) - 3));
        assertEquals(1 << 20, Values.encode(new byte[(1 << 20) - 4]).length);
        assertRefused(new byte[(1 << 20) - 3]);
        assertRefused(Collections.nCopies(1 << 20, 1));
        byte[] tooLong = new byte[(1 << 20) + 1];
        tooLong[0] = 6;
        tooLong[1] = (byte) 0xfd;
        tooLong[2] = (byte) 0xff;
        tooLong[3] = 0x3f;
        assertThrows(MalformedDeltaException.class, () -> Values.decode(tooLong));
    }

    private static void assertRefused(Object value) {
        assertThrows(IllegalArgumentException.class, () -> Values.canonical(value));
    }

    @Test
    void nestedCountsAllocateNothingThatIsNotThere() {
        byte[] bytes = new byte[1 << 20];
        int at = 0;
        for (int depth = 0; depth < 64; depth++) {
            bytes[at++] = 7;
            bytes[at++] = (byte) 0x80;
            bytes[at++] = (byte) 0x80;
            bytes[at++] = 0x20; // each list announces 524,288 elements
        }
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        assertThrows(MalformedDeltaException.class, () -> Values.decode(bytes));
        long allocated = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
        assertTrue(allocated < 32L << 20, () -> allocated + " bytes allocated for 1 MiB");
    }

    @Test
    void codecsComeBack() {
        assertEquals("s", trip(ValueCodec.STRING, "s"));
        assertEquals(5L, trip(ValueCodec.LONG, 5L));
        assertEquals(5.0, trip(ValueCodec.DOUBLE, 5.0));
        assertEquals(0.1, trip(ValueCodec.DOUBLE, 0.1));
        assertEquals(true, trip(ValueCodec.BOOLEAN, true));
        assertEquals(Bytes.ofHex("ff"), trip(ValueCodec.BYTES, Bytes.ofHex("ff")));
        assertEquals(Colour.GREEN, trip(ValueCodec.ofEnum(Colour.class), Colour.GREEN));
        assertEquals(List.of(1L, 2L), trip(ValueCodec.list(ValueCodec.LONG), List.of(1L, 2L)));
        assertEquals(Map.of("k", "v"), trip(ValueCodec.map(ValueCodec.STRING), Map.of("k", "v")));
        assertEquals(Values.NULL, trip(ValueCodec.VALUE, Values.NULL));
        assertThrows(ClassCastException.class, () -> ValueCodec.LONG.decode("s"));
        assertThrows(ClassCastException.class, () -> ValueCodec.DOUBLE.decode("s"));
        assertThrows(
                ClassCastException.class, () -> ValueCodec.ofEnum(Colour.class).decode("BLUE"));
    }

    private static <T> T trip(ValueCodec<T> codec, T element) {
        return codec.decode(Values.decode(Values.encode(codec.encode(element))));
    }
}
