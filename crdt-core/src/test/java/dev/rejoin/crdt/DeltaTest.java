package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeltaTest {

    private static final ReplicaId A = ReplicaId.of(0xa1);
    private static final ReplicaId B = ReplicaId.of(0xF000000000000000L);
    private static final ObjectKey SET = ObjectKey.root(ObjectType.OR_SET, "tags");
    private static final ObjectKey LIKES = ObjectKey.root(ObjectType.PNCOUNTER, "likes");

    @Test
    void emptyDeltaIsOneByte() {
        assertArrayEquals(new byte[] {0x52}, Delta.EMPTY.encode());
        assertEquals(Delta.EMPTY, Delta.decode(new byte[] {0x52}));
        assertTrue(Delta.EMPTY.isEmpty());
        assertTrue(Delta.EMPTY.context().isEmpty());
    }

    @Test
    void aRunOf2To40DeadDotsCostsItsBytesOnly() {
        Delta huge = Delta.voided(A, 1, 1L << 40);
        byte[] bytes = huge.encode();
        assertTrue(bytes.length <= 24, () -> bytes.length + " bytes");
        Delta read = Delta.decode(bytes);
        assertEquals(huge, read);
        assertEquals(1L << 40, read.dotCount());
        assertEquals(1L << 40, read.context().prefix(A));
        Delta joined = read.join(Delta.voided(A, 1L << 30, (1L << 41) - 1)).join(Delta.voided(B, 7, 7));
        assertEquals((1L << 41) - 1, joined.context().prefix(A));
        assertEquals(2, joined.runCount());
    }

    @Test
    void theSameCellsGiveTheSameBytesWhateverTheOrderOfArrival() {
        Delta a = FragmentBuilder.delta().cell(A, 1, SET, "x").build();
        Delta b = FragmentBuilder.delta().cell(A, 2, SET, "y").dead(A, 1, 1).build();
        Delta c = FragmentBuilder.delta().cell(B, 1, LIKES, new Tally(3, 0)).build();
        Delta expected = FragmentBuilder.delta()
                .dead(A, 1, 1)
                .cell(A, 2, SET, "y")
                .cell(B, 1, LIKES, new Tally(3, 0))
                .build();
        assertArrayEquals(expected.encode(), a.join(b).join(c).encode());
        assertArrayEquals(expected.encode(), c.join(b.join(a)).encode());
        assertArrayEquals(expected.encode(), b.join(c).join(b).join(a).encode());
    }

    @Test
    void joiningDifferentCellsOfOneDotIsAConflict() {
        Delta a = FragmentBuilder.delta().cell(A, 5, SET, "x").build();
        Delta b = FragmentBuilder.delta().cell(A, 5, SET, "y").build();
        ReplicaConflictException conflict = assertThrows(ReplicaConflictException.class, () -> a.join(b));
        assertEquals(new Dot(A, 5), conflict.dot());
    }

    @Test
    void contextIsTheSetOfClaimedDots() {
        Delta delta = FragmentBuilder.delta()
                .cell(A, 1, SET, "x")
                .dead(A, 3, 9)
                .cell(A, 10, SET, "y")
                .build();
        Version version = Version.builder().addRange(A, 1, 1).addRange(A, 3, 10).build();
        assertEquals(version, delta.context());
        assertEquals(9, delta.dotCount());
        assertEquals(2, delta.cellCount());
        assertFalse(delta.isEmpty());
    }

    @Test
    void cellsAreVisitedDownwards() {
        Delta delta = FragmentBuilder.delta()
                .cell(B, 2, SET, "b2")
                .cell(A, 1, SET, "a1")
                .cell(A, 2, SET, "a2")
                .build();
        List<String> visited = new ArrayList<>();
        delta.forEachCell((replica, counter, object, payload) -> visited.add(counter + "" + payload));
        assertEquals(List.of("2a2", "1a1", "2b2"), visited);
    }

    @Test
    void deadOfAVersionClaimsExactlyTheVersion() {
        Version version = Version.builder()
                .addRange(A, 1, 4)
                .addRange(A, 9, 9)
                .addRange(B, 2, 3)
                .build();
        assertEquals(version, Delta.dead(version).context());
        assertEquals(0, Delta.dead(version).cellCount());
    }

    @Test
    void limitsAreNamedInTheRefusal() {
        byte[] bytes = FragmentBuilder.delta()
                .cell(A, 1, SET, "x")
                .cell(A, 2, LIKES, new Amount(1))
                .dead(B, 1, 100)
                .build()
                .encode();
        int length = bytes.length;
        Delta.decode(bytes, new DeltaLimits(length, 2, 102, 2, 2));
        assertRefused("maxBytes", bytes, new DeltaLimits(length - 1, 2, 102, 2, 2));
        assertRefused("maxReplicas", bytes, new DeltaLimits(length, 1, 102, 2, 2));
        assertRefused("maxDots", bytes, new DeltaLimits(length, 2, 101, 2, 2));
        assertRefused("maxCells", bytes, new DeltaLimits(length, 2, 102, 1, 2));
        assertRefused("maxObjects", bytes, new DeltaLimits(length, 2, 102, 2, 1));
    }

    private static void assertRefused(String limit, byte[] bytes, DeltaLimits limits) {
        MalformedDeltaException refusal =
                assertThrows(MalformedDeltaException.class, () -> Delta.decode(bytes, limits));
        assertTrue(String.valueOf(refusal.getMessage()).contains(limit), refusal::getMessage);
    }

    @Test
    void aSelfContainedCounterTakesAtMost24Bytes() {
        Delta first = FragmentBuilder.delta().cell(A, 1, LIKES, new Tally(1, 0)).build();
        Delta later = FragmentBuilder.delta()
                .cell(B, 1000, LIKES, new Tally(1_000, 0))
                .dead(B, 999, 999)
                .build();
        assertTrue(first.encode().length <= 24, () -> first.encode().length + " bytes");
        assertTrue(later.encode().length <= 24, () -> later.encode().length + " bytes");
    }

    @Test
    void onALinkAnIncrementTakesAtMost8Bytes() {
        DeltaWriter link = new DeltaWriter();
        link.write(FragmentBuilder.delta().cell(A, 1, LIKES, new Tally(1, 0)).build());
        for (long i = 2; i < 100_000; i++) {
            byte[] bytes = link.write(FragmentBuilder.delta()
                    .cell(A, i, LIKES, new Tally(i, 0))
                    .dead(A, i - 1, i - 1)
                    .build());
            assertTrue(bytes.length <= 8, () -> bytes.length + " bytes");
        }
        byte[] amount = link.write(
                FragmentBuilder.delta().cell(A, 100_000, LIKES, new Amount(1)).build());
        assertTrue(amount.length <= 8, () -> amount.length + " bytes");
    }

    @Test
    void onALinkAnAdditionTakesAtMost8BytesAndTheElement() {
        DeltaWriter link = new DeltaWriter();
        link.write(FragmentBuilder.delta().cell(A, 1, SET, "x").build());
        String element = "an element";
        byte[] bytes =
                link.write(FragmentBuilder.delta().cell(A, 2, SET, element).build());
        assertTrue(bytes.length <= 8 + element.length(), () -> bytes.length + " bytes");
        byte[] again = link.write(
                FragmentBuilder.delta().cell(A, 3, SET, element).dead(A, 2, 2).build());
        assertTrue(again.length <= 8 + element.length(), () -> again.length + " bytes");
    }

    @Test
    void onALinkARemovalTakesAtMost6BytesPerDot() {
        DeltaWriter link = new DeltaWriter();
        FragmentBuilder all = FragmentBuilder.delta();
        for (long i = 1; i <= 2000; i++) {
            all.cell(A, i, SET, i).cell(B, i, SET, -i);
        }
        link.write(all.build());
        int dots = 1;
        FragmentBuilder removal = FragmentBuilder.delta().dead(B, 2001, 2001);
        for (long i = 10; i <= 2000; i += 97) {
            removal.dead(A, i, i);
            dots++;
        }
        byte[] many = link.write(removal.build());
        int bound = 6 * dots;
        assertTrue(many.length <= bound, () -> many.length + " bytes for " + bound / 6 + " dots");
        byte[] one = link.write(
                FragmentBuilder.delta().dead(A, 7, 7).dead(B, 2002, 2002).build());
        assertTrue(one.length <= 12, () -> one.length + " bytes for 2 dots");
    }

    @Test
    void aBrokenLinkReadsNothingMore() {
        DeltaReader reader = new DeltaReader(DeltaLimits.UNLIMITED);
        assertThrows(MalformedDeltaException.class, () -> reader.read(new byte[] {5}));
        assertThrows(IllegalStateException.class, () -> reader.read(new byte[0]));
    }
}
