package dev.rejoin.conformance.consistency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Position;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The toolkit and the protocol each have a position, and neither knows the other; this is how one becomes the other. */
class PositionsTest {
    @Test
    void aPositionOfTheProtocolIsOneOfTokens() {
        Random random = new Random(5);
        for (int i = 0; i < 1_000; i++) {
            var wire = new dev.rejoin.sync.wire.Position(random.nextLong(), random.nextInt(Integer.MAX_VALUE));
            Position token = Position.of(wire.incarnation(), wire.sequence());
            assertEquals(wire.sequence(), token.sequence());
            assertEquals(wire.toString().substring(0, 12), token.toString().substring(0, 12));
        }
        var start = dev.rejoin.sync.wire.Position.START;
        assertEquals(0, Position.of(start.incarnation(), start.sequence()).sequence());
        assertTrue(dev.rejoin.consistency.session.PositionVector.of(Position.of(0, 0))
                .isEmpty());
    }
}
