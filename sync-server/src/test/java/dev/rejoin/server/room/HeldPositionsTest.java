package dev.rejoin.server.room;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeldPositionsTest {
    private static final long LOG = 11;
    private static final long OTHER = 12;

    private static long opening(int number) {
        return (long) number << 16;
    }

    private static Position position(int opening, long sequence) {
        return Position.of(opening(opening), sequence);
    }

    @Test
    void aTokenOfAnEarlierOpeningIsSatisfiedExactlyAsFarAsThatOneHadCome() {
        HeldPositions held = HeldPositions.NONE.with(LOG, opening(1), 5).with(LOG, opening(2), 9);
        assertTrue(held.vector().includes(position(1, 5)));
        assertFalse(held.vector().includes(position(1, 6)));
        assertTrue(held.vector().includes(position(2, 9)));
        assertEquals(OptionalLong.of(5), held.ended(LOG, 1, opening(2)));
        assertEquals(OptionalLong.empty(), held.ended(LOG, 2, opening(2)));
        assertEquals(OptionalLong.empty(), held.ended(OTHER, 1, opening(2)));
    }

    @Test
    void anAnswerNamesTheLatestOpeningOfEachLogOnly() {
        HeldPositions held = HeldPositions.NONE
                .with(LOG, opening(9), 5)
                .with(LOG, opening(2), 9)
                .with(OTHER, opening(4), 3);
        assertEquals(PositionVector.of(position(2, 9), position(4, 3)), held.latest());
    }

    @Test
    void aHundredRestartsDoNotMakeATokenLarger() {
        HeldPositions held = HeldPositions.NONE;
        for (int i = 1; i <= 100; i++) {
            held = held.with(LOG, opening(1_000 - i), i);
        }
        assertEquals(1, held.latest().size());
        assertEquals(HeldPositions.MAX_OPENINGS, held.vector().size());
        assertTrue(held.vector().includes(position(900, 100)));
        assertFalse(held.vector().includes(position(999, 1)), "the oldest are forgotten");
    }

    @Test
    void moreLogsThanHaveAPlaceAreRefusedWhole() {
        HeldPositions full = HeldPositions.NONE;
        for (int i = 0; i < HeldPositions.MAX_LOGS; i++) {
            full = full.with(i, opening(i + 1), i + 1);
        }
        HeldPositions others = full;
        assertThrows(
                IllegalArgumentException.class, () -> others.union(HeldPositions.NONE.with(4711, opening(4711), 1)));
        HeldPositions withOwn = full.with(4711, opening(4711), 1);
        assertTrue(withOwn.knows(4711));
        assertFalse(withOwn.knows(0), "the shortest has made place");
        assertEquals(withOwn, HeldPositions.decode(withOwn.encode()));
    }

    @Test
    void unionIsTheLeastThatHoldsBoth() {
        Random random = new Random(5);
        for (int i = 0; i < 2_000; i++) {
            HeldPositions a = any(random);
            HeldPositions b = any(random);
            HeldPositions both = a.union(b);
            assertEquals(a.vector().union(b.vector()), both.vector());
            assertEquals(both, b.union(a));
            assertEquals(both, both.union(a));
            assertArrayEquals(both.encode(), HeldPositions.decode(both.encode()).encode());
        }
    }

    private static HeldPositions any(Random random) {
        HeldPositions held = HeldPositions.NONE;
        for (int i = random.nextInt(6); i > 0; i--) {
            int log = random.nextInt(3);
            held = held.with(log, opening(1 + 10 * log + random.nextInt(4)), 1 + random.nextInt(20));
        }
        return held;
    }

    @Test
    void whateverBytesComeAreRefusedOrReadAsWhatTheyAre() {
        byte[] good = HeldPositions.NONE
                .with(LOG, opening(1), 5)
                .with(LOG, opening(2), 9)
                .with(OTHER, opening(4), 3)
                .encode();
        Random random = new Random(6);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = Arrays.copyOf(good, random.nextInt(good.length + 3));
            for (int flips = random.nextInt(3); flips > 0 && bytes.length > 0; flips--) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                assertArrayEquals(bytes, HeldPositions.decode(bytes).encode());
            } catch (IllegalArgumentException e) {
                refused++;
            }
        }
        assertTrue(refused > 1_000, refused + " of 20,000 refused");
    }
}
