package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Deltas are a lattice, and their bytes are canonical and safe to read. jqwik prints the seed of a failure. */
class DeltaProperties {

    /** What the paper says: claimed dots, each with its cell or with nothing. */
    private static Map<Dot, Object> model(Delta delta) {
        Map<Dot, Object> model = new TreeMap<>();
        delta.forEachRun((replica, low, high, live) -> {
            for (long i = low; i <= high; i++) {
                model.put(new Dot(replica, i), "dead");
            }
        });
        delta.forEachCell((replica, counter, object, payload) ->
                assertEquals("dead", model.put(new Dot(replica, counter), new Cell(object, payload))));
        return model;
    }

    private static Map<Dot, Object> join(Map<Dot, Object> a, Map<Dot, Object> b) {
        Map<Dot, Object> join = new TreeMap<>(a);
        b.forEach((dot, here) -> join.merge(dot, here, (x, y) -> x.equals(y) ? x : "dead"));
        return join;
    }

    @Property
    void joinAgreesWithSetsOfDots(@ForAll long source, @ForAll long seed) {
        Random random = new Random(seed);
        Delta a = RandomDeltas.delta(source, random);
        Delta b = RandomDeltas.delta(source, random);
        Delta joined = a.join(b);
        assertEquals(join(model(a), model(b)), model(joined));
        assertEquals(a.context().union(b.context()), joined.context());
        assertEquals(model(a).size(), a.dotCount());
    }

    @Property
    void joinIsALattice(@ForAll long source, @ForAll long seed) {
        Random random = new Random(seed);
        Delta a = RandomDeltas.delta(source, random);
        Delta b = RandomDeltas.delta(source, random);
        Delta c = RandomDeltas.delta(source, random);
        assertEquals(a.join(b), b.join(a));
        assertArrayEquals(a.join(b).encode(), b.join(a).encode());
        assertEquals(a.join(b).join(c), a.join(b.join(c)));
        assertEquals(a.join(b), a.join(b).join(a));
        assertEquals(a, a.join(Delta.decode(a.encode())));
        assertSame(a, a.join(Delta.EMPTY));
        assertEquals(a, Delta.EMPTY.join(a));
    }

    @Property
    void bytesAreCanonical(@ForAll long source, @ForAll long seed) {
        Delta delta = RandomDeltas.delta(source, new Random(seed));
        byte[] bytes = delta.encode();
        Delta read = Delta.decode(bytes);
        assertEquals(delta, read);
        assertEquals(delta.hashCode(), read.hashCode());
        assertEquals(model(delta), model(read));
        assertArrayEquals(bytes, read.encode());
    }

    @Property
    void aLinkCarriesTheSameContent(@ForAll long source, @ForAll long seed) {
        Random random = new Random(seed);
        DeltaWriter writer = new DeltaWriter();
        DeltaReader reader = new DeltaReader(DeltaLimits.UNLIMITED);
        DeltaWriter mirror = new DeltaWriter();
        for (int i = 0; i < 8; i++) {
            Delta sent = RandomDeltas.delta(source, random);
            byte[] bytes = writer.write(sent);
            Delta read = reader.read(bytes);
            assertEquals(sent, read);
            assertArrayEquals(bytes, mirror.write(read));
            assertEquals(writer.objectCount(), reader.objectCount());
            assertEquals(writer.replicaCount(), reader.replicaCount());
        }
    }

    @Property(tries = 4000)
    void damagedBytesAreRefusedOrAnotherDelta(@ForAll long source, @ForAll long seed) {
        Random random = new Random(seed);
        byte[] bytes = RandomDeltas.delta(source, random).encode();
        byte[] damaged = bytes.clone();
        switch (random.nextInt(4)) {
            case 0 -> damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            case 1 -> damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            case 2 -> damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length));
            default -> {
                int from = random.nextInt(damaged.length);
                int to = random.nextInt(damaged.length);
                System.arraycopy(
                        bytes, from, damaged, to, Math.min(damaged.length - to, Math.min(8, damaged.length - from)));
            }
        }
        assertRefusedOrCanonical(damaged);
    }

    @Property(tries = 4000)
    void noiseIsRefusedOrADelta(@ForAll byte[] noise, @ForAll long seed) {
        byte[] formatted = new byte[noise.length + 10];
        new Random(seed).nextBytes(formatted);
        formatted[0] = 0x52;
        System.arraycopy(noise, 0, formatted, 10, noise.length);
        formatted[9] = 9;
        assertRefusedOrCanonical(formatted);
        assertRefusedOrCanonical(noise);
        DeltaReader link = new DeltaReader(DeltaLimits.UNLIMITED);
        try {
            Delta read = link.read(noise);
            assertArrayEquals(noise, new DeltaWriter().write(read));
        } catch (MalformedDeltaException refused) {
            assertTrue(refused.offset() <= noise.length);
        }
    }

    @Property
    void damageOnALinkIsRefusedOrAnotherDelta(@ForAll long source, @ForAll long seed) {
        Random random = new Random(seed);
        DeltaWriter writer = new DeltaWriter();
        DeltaReader reader = new DeltaReader(DeltaLimits.UNLIMITED);
        DeltaWriter mirror = new DeltaWriter();
        for (int i = 0; i < 4; i++) {
            byte[] bytes = writer.write(RandomDeltas.delta(source, random));
            if (i > 0 && bytes.length > 0) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                assertArrayEquals(bytes, mirror.write(reader.read(bytes)));
            } catch (MalformedDeltaException refused) {
                return;
            }
        }
    }

    private static void assertRefusedOrCanonical(byte[] bytes) {
        Delta delta;
        try {
            delta = Delta.decode(bytes);
        } catch (MalformedDeltaException refused) {
            assertTrue(refused.offset() >= 0 && refused.offset() <= bytes.length, refused::getMessage);
            return;
        }
        assertArrayEquals(bytes, delta.encode());
    }
}
