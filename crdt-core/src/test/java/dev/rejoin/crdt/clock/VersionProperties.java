package dev.rejoin.crdt.clock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** A version is a set of dots. */
class VersionProperties {

    private static final ReplicaId A = ReplicaId.of(1);

    @Provide
    Arbitrary<Set<Dot>> dots() {
        Arbitrary<ReplicaId> replica =
                Arbitraries.of(1L, 2L, Long.MAX_VALUE, Long.MIN_VALUE, -1L).map(ReplicaId::of);
        return Combinators.combine(replica, Arbitraries.longs().between(1, 12))
                .as(Dot::new)
                .set()
                .ofMaxSize(30);
    }

    private static Version version(Set<Dot> dots) {
        Version.Builder builder = Version.builder();
        dots.forEach(builder::add);
        return builder.build();
    }

    private static Set<Dot> dotsOf(Version version) {
        Set<Dot> dots = new TreeSet<>();
        version.forEachRange((replica, low, high) -> {
            for (long i = low; i <= high; i++) {
                dots.add(new Dot(replica, i));
            }
        });
        return dots;
    }

    @Property
    void aVersionKnowsExactlyItsDots(@ForAll("dots") Set<Dot> dots) {
        Version version = version(dots);
        assertEquals(dots, dotsOf(version));
        assertEquals(dots.size(), version.dotCount());
        assertEquals(dots.isEmpty(), version.isEmpty());
        for (ReplicaId replica : version.replicas()) {
            long highest = 0;
            long prefix = 0;
            for (long i = 1; i <= 13; i++) {
                boolean known = dots.contains(new Dot(replica, i));
                assertEquals(known, version.contains(new Dot(replica, i)));
                highest = known ? i : highest;
                prefix = known && prefix == i - 1 ? i : prefix;
            }
            assertEquals(highest, version.highest(replica));
            assertEquals(prefix, version.prefix(replica));
            assertEquals(
                    version,
                    Version.builder()
                            .addAll(version)
                            .addAll(replica, version.ranges(replica))
                            .build());
        }
        assertEquals(0, version.highest(ReplicaId.of(77)));
    }

    @Property
    void relationIsInclusionOfSets(@ForAll("dots") Set<Dot> one, @ForAll("dots") Set<Dot> other) {
        Set<Dot> both = new TreeSet<>(one);
        both.addAll(other);
        for (Set<Dot> a : Arrays.asList(one, other, both)) {
            for (Set<Dot> b : Arrays.asList(one, other, both)) {
                boolean over = a.containsAll(b);
                boolean under = b.containsAll(a);
                Relation expected = over && under
                        ? Relation.EQUAL
                        : over ? Relation.AFTER : under ? Relation.BEFORE : Relation.CONCURRENT;
                assertEquals(expected, version(a).relation(version(b)));
                assertEquals(over, version(a).includes(version(b)));
            }
        }
        assertEquals(version(both), version(one).union(version(other)));
    }

    @Property
    void encodingIsCanonical(@ForAll("dots") Set<Dot> dots) {
        Version version = version(dots);
        byte[] bytes = version.encode();
        Version read = Version.decode(bytes);
        assertEquals(version, read);
        assertEquals(version.hashCode(), read.hashCode());
        assertArrayEquals(bytes, read.encode());
    }

    @Property(tries = 3000)
    void damagedBytesAreRefusedOrAnotherVersion(
            @ForAll("dots") Set<Dot> dots, @ForAll int place, @ForAll byte change, @ForAll boolean cut) {
        byte[] bytes = version(dots).encode();
        int at = Math.floorMod(place, bytes.length);
        byte[] damaged = cut ? Arrays.copyOf(bytes, at) : bytes.clone();
        if (!cut) {
            damaged[at] ^= change;
        }
        assertRefusedOrCanonical(damaged);
    }

    @Property(tries = 3000)
    void noiseIsRefusedOrAVersion(@ForAll byte[] noise) {
        assertRefusedOrCanonical(noise);
        byte[] formatted = new byte[noise.length + 1];
        formatted[0] = 0x56;
        System.arraycopy(noise, 0, formatted, 1, noise.length);
        assertRefusedOrCanonical(formatted);
    }

    private static void assertRefusedOrCanonical(byte[] bytes) {
        Version version;
        try {
            version = Version.decode(bytes);
        } catch (MalformedDeltaException refused) {
            return;
        }
        assertArrayEquals(bytes, version.encode());
    }

    @Example
    void emptyIsOneByte() {
        assertArrayEquals(new byte[] {0x56}, Version.EMPTY.encode());
        assertEquals(Version.EMPTY, Version.of(A, 0));
        assertThrows(MalformedDeltaException.class, () -> Version.decode(new byte[0]));
    }
}
