package dev.rejoin.consistency.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bytes from strangers: refused with the one exception, or the only encoding of what they say. */
class SessionTokenFuzz {
    private static final int RUNS = Integer.getInteger("rejoin.runs", 30_000);

    @Test
    void bytesAreRefusedOrCanonical() {
        long seed = Long.getLong("rejoin.seed", System.nanoTime());
        Random random = new Random(seed);
        int read = 0;
        byte[] sample = SessionToken.of(
                        "a",
                        5,
                        PositionVector.of(new Position(1, 1), new Position(900, 77_000)),
                        PositionVector.of(new Position(2, 3)))
                .merge(SessionToken.ofRead("b", 6, PositionVector.of(new Position(3, 4))))
                .encode();
        for (int run = 0; run < RUNS; run++) {
            byte[] bytes = run % 2 == 0 ? new byte[random.nextInt(40)] : sample.clone();
            if (run % 2 == 0) {
                random.nextBytes(bytes);
                if (bytes.length > 0) {
                    bytes[0] = (byte) (0x10 | bytes[0] & 3);
                }
            } else {
                for (int i = random.nextInt(3); i >= 0; i--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
            }
            try {
                assertArrayEquals(bytes, SessionToken.decode(bytes).encode());
                read++;
            } catch (MalformedTokenException refused) {
                assertTrue(refused.getMessage() != null);
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError(
                        "replay: mvn -pl consistency -am test -Dtest=SessionTokenFuzz -DargLine=-Drejoin.seed=" + seed,
                        failure);
            }
        }
        assertTrue(read > RUNS / 10, "only " + read + " were read");
    }
}
