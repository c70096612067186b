package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class BodyPipeTest {
    private static final int PART = BodyPipe.FULL_BYTES / 4;

    private int drained;
    private final BodyPipe pipe = new BodyPipe(() -> drained++);

    @Test
    void whoWasToldThatItIsFullIsCalledWhenItIsHalfEmptyAndOnlyOnce() throws IOException {
        put(true, 3);
        put(false, 1);
        read(2);
        assertEquals(0, drained);
        read(2);
        assertEquals(1, drained);
        put(true, 3);
        read(3);
        assertEquals(1, drained, "it was not full");
    }

    /** What the socket has read already still comes after it was told to read no more. */
    @Test
    void whatStillComesWhileItIsBeingEmptiedDoesNotKeepItFromCalling() throws IOException {
        put(true, 3);
        put(false, 1);
        read(1);
        assertFalse(pipe.put(new byte[1]));
        read(3);
        assertEquals(1, drained);
        assertEquals(0, pipe.read());
        pipe.end();
        assertEquals(-1, pipe.read());
    }

    private void put(boolean hasSpace, int parts) {
        for (int i = 0; i < parts; i++) {
            assertEquals(hasSpace, pipe.put(new byte[PART]));
        }
    }

    private void read(int parts) throws IOException {
        for (int i = 0; i < parts; i++) {
            assertEquals(PART, pipe.read(new byte[PART], 0, PART));
        }
    }
}
