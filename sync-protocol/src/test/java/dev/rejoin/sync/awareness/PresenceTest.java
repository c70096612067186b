package dev.rejoin.sync.awareness;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PresenceTest {
    private static final byte[] A = {1};
    private static final byte[] B = {2};

    @Test
    void aRepetitionSaysNothingNewButIsASignOfLife() {
        PresenceTable table = new PresenceTable(10, 100);
        assertTrue(table.put(7, A, 0));
        assertFalse(table.put(7, A.clone(), 60));
        assertEquals(List.of(), table.expire(100));
        assertEquals(List.of(7L), table.expire(160));
    }

    @Test
    void anEmptyPayloadLeaves() {
        PresenceTable table = new PresenceTable(10, 100);
        table.put(7, A, 0);
        assertTrue(table.put(7, new byte[0], 1));
        assertFalse(table.put(7, new byte[0], 1));
        assertEquals(0, table.size());
    }

    @Test
    void sessionsExpireOneByOne() {
        PresenceTable table = new PresenceTable(10, 100);
        table.put(1, A, 0);
        table.put(2, A, 50);
        table.touch(1, 90);
        assertEquals(150, table.nextDeadline());
        assertEquals(List.of(2L), table.expire(150));
        assertEquals(Set.of(1L), table.snapshot().keySet());
    }

    @Test
    void aFullTableRefusesNewSessionsOnly() {
        PresenceTable table = new PresenceTable(1, 100);
        assertTrue(table.put(1, A, 0));
        assertFalse(table.put(2, A, 0));
        assertTrue(table.put(1, B, 0));
    }

    @Test
    void thePacerLetsABurstThroughAndThenTheNewestAtItsRate() {
        PresencePacer pacer = new PresencePacer(20);
        for (int i = 0; i < 20; i++) {
            pacer.offer(A);
            assertTrue(pacer.poll(1_000).isPresent(), "pass " + i);
        }
        pacer.offer(A);
        assertTrue(pacer.poll(1_000).isEmpty());
        pacer.offer(B);
        assertEquals(1_050, pacer.nextDeadline());
        assertArrayEquals(B, pacer.poll(1_050).orElseThrow());
        assertEquals(Long.MAX_VALUE, pacer.nextDeadline());
    }

    @Test
    void noMoreThanTheRatePassesInTheLongRun() {
        PresencePacer pacer = new PresencePacer(20);
        int passed = 0;
        for (int now = 0; now < 10_000; now++) {
            pacer.offer(A);
            passed += pacer.poll(now).isPresent() ? 1 : 0;
        }
        assertTrue(passed >= 200 && passed <= 220, passed + " in 10 s");
    }
}
