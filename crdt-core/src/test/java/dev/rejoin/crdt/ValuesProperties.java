package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Values are their canonical bytes. */
class ValuesProperties {

    @Property
    void decodingGivesBackTheCanonicalValue(@ForAll long seed) {
        Object value = RandomDeltas.value(new Random(seed), 0);
        byte[] bytes = Values.encode(value);
        Object read = Values.decode(bytes);
        assertEquals(value, read);
        assertEquals(value.hashCode(), read.hashCode());
        assertArrayEquals(bytes, Values.encode(read));
        assertEquals(bytes.length, Values.encodedSize(value));
        assertEquals(value, Values.canonical(value));
    }

    @Property
    void valuesAreEqualExactlyIfTheirBytesAre(@ForAll long one, @ForAll long other) {
        Object a = RandomDeltas.value(new Random(one), 2);
        Object b = RandomDeltas.value(new Random(other), 2);
        int order = Values.compare(a, b);
        assertEquals(a.equals(b), order == 0);
        assertEquals(Integer.signum(order), -Integer.signum(Values.compare(b, a)));
        assertEquals(Integer.signum(order), Integer.signum(Arrays.compareUnsigned(Values.encode(a), Values.encode(b))));
    }

    @Property
    void everyDoubleComesBackAsTheSameNumber(@ForAll double number) {
        Object read = Values.decode(Values.encode(number));
        assertEquals(number, ((Number) read).doubleValue());
    }

    @Property
    void everyLongComesBack(@ForAll long number) {
        assertEquals(number, Values.decode(Values.encode(number)));
    }

    @Property
    void stringsAreOrderedByCodePoint(@ForAll long seed) {
        Random random = new Random(seed);
        String a = RandomDeltas.string(random, 5);
        String b = a + RandomDeltas.string(random, 3);
        String c = RandomDeltas.string(random, 5);
        for (String[] pair : new String[][] {{a, b}, {a, c}, {b, c}}) {
            assertEquals(
                    Integer.signum(Arrays.compareUnsigned(
                            pair[0].getBytes(StandardCharsets.UTF_8), pair[1].getBytes(StandardCharsets.UTF_8))),
                    Integer.signum(Utf8.compare(pair[0], pair[1])));
        }
    }

    @Property
    void utf8IsThatOfThePlatform(@ForAll long seed, @ForAll byte[] noise) {
        String text = RandomDeltas.string(new Random(seed), 20);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertEquals(bytes.length, Utf8.length(text));
        assertTrue(Utf8.isWellFormed(bytes, 0, bytes.length));
        for (byte[] damaged : new byte[][] {noise, spoilt(bytes, seed)}) {
            boolean survives = Arrays.equals(
                    damaged, new String(damaged, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8));
            assertEquals(survives, Utf8.isWellFormed(damaged, 0, damaged.length));
        }
    }

    private static byte[] spoilt(byte[] bytes, long seed) {
        byte[] spoilt = bytes.clone();
        if (spoilt.length > 0) {
            spoilt[(int) Math.floorMod(seed, (long) spoilt.length)] ^= (byte) (seed >>> 8);
        }
        return spoilt;
    }

    @Property(tries = 5000)
    void damagedBytesAreRefusedOrAnotherValue(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] bytes = Values.encode(RandomDeltas.value(random, 0));
        byte[] damaged = random.nextBoolean() ? bytes.clone() : Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
        if (damaged.length > 0) {
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
        }
        Object value;
        try {
            value = Values.decode(damaged);
        } catch (MalformedDeltaException refused) {
            assertTrue(refused.offset() <= damaged.length);
            return;
        }
        assertArrayEquals(damaged, Values.encode(value));
    }

    @Property(tries = 5000)
    void noiseIsRefusedOrAValue(@ForAll byte[] noise) {
        Object value;
        try {
            value = Values.decode(noise);
        } catch (MalformedDeltaException refused) {
            return;
        }
        assertArrayEquals(noise, Values.encode(value));
    }
}
