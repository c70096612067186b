package dev.rejoin.sync.awareness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.yjs.AwarenessUpdate;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AwarenessTableTest {
    private static final long ANN_SEAT = 1;
    private static final long BOB_SEAT = 2;
    private static final long SERVER = -1;
    private static final long ANN = 100;
    private static final long BOB = 200;

    private final AwarenessTable table = new AwarenessTable(AwarenessLimits.DEFAULT);

    @Test
    void whatManySayLeavesAsOneUpdateWithTheNewestOfEach() {
        say(ANN_SEAT, ANN, 1, "{\"x\":1}", 0);
        say(BOB_SEAT, BOB, 1, "{}", 0);
        say(ANN_SEAT, ANN, 2, "{\"x\":2}", 1);
        assertEquals(List.of("100@2 {\"x\":2}", "200@1 {}"), taken());
        assertEquals(List.of(), taken());
    }

    @Test
    void aClientThatSendsBackWhatItHearsOwnsNobodyElse() {
        say(ANN_SEAT, ANN, 1, "{}", 0);
        say(BOB_SEAT, BOB, 1, "{}", 0);
        taken();
        assertFalse(say(BOB_SEAT, ANN, 1, "{}", 1));
        assertFalse(say(BOB_SEAT, ANN, 2, "{\"x\":\"forged\"}", 1));
        assertFalse(say(BOB_SEAT, ANN, 2, "null", 1));
        assertTrue(table.leave(BOB_SEAT, 2));
        assertEquals(List.of("200@1 null"), taken());
        assertEquals(1, table.size());
    }

    @Test
    void whatComesAfterAnEchoInOneUpdateIsHeard() {
        say(ANN_SEAT, ANN, 1, "{\"x\":\"" + "long ".repeat(40) + "\"}", 0);
        taken();
        AwarenessUpdate both = new AwarenessUpdate(List.of(
                new AwarenessUpdate.Entry(ANN, 1, "{\"x\":\"" + "long ".repeat(40) + "\"}"),
                new AwarenessUpdate.Entry(BOB, 1, "{}")));
        assertTrue(table.apply(BOB_SEAT, both.encode(), 1));
        assertEquals(List.of("200@1 {}"), taken());
    }

    @Test
    void whoComesBackWithTheClockThatItHadIsSeenByAll() {
        say(ANN_SEAT, ANN, 5, "{}", 0);
        table.leave(ANN_SEAT, 1);
        taken();
        assertTrue(say(3, ANN, 5, "{}", 2));
        assertEquals(List.of("100@6 {}"), taken());
    }

    @Test
    void whoSaidGoodbyeComesBackTheSameWay() {
        say(ANN_SEAT, ANN, 5, "{}", 0);
        say(ANN_SEAT, ANN, 5, "null", 1);
        assertEquals(List.of("100@5 null"), taken());
        assertTrue(say(3, ANN, 5, "{}", 2));
        assertEquals(List.of("100@6 {}"), taken());
    }

    @Test
    void aLateEchoRaisesNobodyFromTheDead() {
        say(ANN_SEAT, ANN, 5, "{}", 0);
        say(BOB_SEAT, BOB, 1, "{}", 0);
        table.leave(ANN_SEAT, 1);
        taken();
        assertFalse(say(BOB_SEAT, ANN, 5, "{}", 2));
        assertEquals(1, table.size());
    }

    @Test
    void aNewSeatTakesOverFromOneThatHasBeenSilentForLongerThanAnyProviderIs() {
        say(ANN_SEAT, ANN, 5, "{}", 0);
        taken();
        assertFalse(say(3, ANN, 6, "{}", 19_000));
        assertTrue(say(4, ANN, 6, "{}", 21_000));
        taken();
        assertFalse(table.leave(ANN_SEAT, 22_000));
        assertEquals(1, table.size());
    }

    @Test
    void whoIsNotHeardOfExpiresAndItsClockIsForgottenLater() {
        say(ANN_SEAT, ANN, 5, "{}", 0);
        taken();
        assertFalse(table.expire(29_999));
        assertTrue(table.expire(30_000));
        assertEquals(List.of("100@5 null"), taken());
        table.expire(89_999);
        assertFalse(table.isEmpty());
        table.expire(90_001);
        assertTrue(table.isEmpty());
    }

    @Test
    void boundsHold() {
        AwarenessTable small = new AwarenessTable(new AwarenessLimits(10, 3, 2, 5, 25, 30_000, 60_000));
        assertFalse(small.apply(1, update(1, 1, "\"eleven chars\""), 0));
        assertTrue(small.apply(1, update(2, 1, "\"1234567\""), 0));
        assertTrue(small.apply(1, update(3, 1, "\"1234567\""), 0));
        small.takeChanges(Integer.MAX_VALUE);
        assertFalse(small.apply(1, update(4, 1, "1"), 0));
        assertFalse(small.apply(2, update(5, 1, "\"1234567\""), 0));
        assertTrue(small.apply(2, update(5, 1, "\"12345\""), 0));
        assertThrows(MalformedUpdateException.class, () -> small.apply(3, update(9, 1, "[[[[1]]]]"), 0));
    }

    @Test
    void whoSaysMuchKeepsNobodyFromBeingHeard() {
        String much = "\"" + "x".repeat(10_000) + "\"";
        for (int i = 1; i <= 10; i++) {
            say(i, i, 1, much, 0);
        }
        say(BOB_SEAT, BOB, 1, "{}", 0);
        byte[] first = table.takeChanges(25_000);
        assertEquals(
                List.of(BOB, 1L, 2L),
                AwarenessUpdate.decode(first, 20).entries().stream()
                        .map(AwarenessUpdate.Entry::client)
                        .toList());
        int frames = 1;
        for (; table.hasChanges(); frames++) {
            assertTrue(table.takeChanges(25_000).length <= 25_100);
        }
        assertEquals(5, frames);
        say(3, 3, 2, much, 1);
        assertTrue(table.takeChanges(1).length > 10_000, "one goes in any case");
    }

    @Test
    void statesThatAreNotJsonAreRefusedWhole() {
        byte[] bad = new AwarenessUpdate(
                        List.of(new AwarenessUpdate.Entry(1, 1, "{}"), new AwarenessUpdate.Entry(2, 1, "{oops")))
                .encode();
        assertThrows(MalformedUpdateException.class, () -> table.apply(1, bad, 0));
        assertEquals(0, table.size());
    }

    @Test
    void anotherServerSpeaksForManyAndKeepsTheirClocks() {
        for (int i = 0; i < 20; i++) {
            assertTrue(say(SERVER, 1_000 + i, 7, "{}", 0));
        }
        assertEquals(20, table.size());
        assertTrue(taken().contains("1019@7 {}"));
        assertTrue(table.leave(SERVER, 1));
        assertEquals(0, table.size());
    }

    @Test
    void whoIsLostWithALinkIsSeenAgainAtOnceWhenItIsBack() {
        say(SERVER, ANN, 5, "{}", 0);
        table.leave(SERVER, 1);
        taken();
        assertTrue(table.replace(SERVER, update(ANN, 5, "{}"), 2));
        assertEquals(List.of("100@6 {}"), taken(), "editors here take 5 for old");
        assertTrue(say(SERVER, ANN, 6, "{\"x\":1}", 3));
        assertEquals(List.of("100@7 {\"x\":1}"), taken(), "the next word of its server is news as well");
    }

    @Test
    void whomAServerDoesNotNameAmongAllHasLeftThere() {
        say(SERVER, ANN, 1, "{}", 0);
        say(SERVER, BOB, 1, "{}", 0);
        say(ANN_SEAT, 300, 1, "{}", 0);
        taken();
        assertTrue(table.replace(SERVER, update(BOB, 1, "{}"), 1));
        assertEquals(List.of("100@1 null"), taken());
        assertTrue(table.replace(SERVER, new byte[0], 2));
        assertEquals(List.of("200@1 null"), taken());
        assertEquals(1, table.size());
    }

    @Test
    void otherServersAreToldOfEditorsOfThisOneOnly() {
        say(SERVER, ANN, 1, "{}", 0);
        say(BOB_SEAT, BOB, 1, "{}", 0);
        assertEquals(List.of("200@1 {}"), decoded(table.takeOwnChanges(1_000)));
        table.leave(BOB_SEAT, 1);
        table.leave(SERVER, 1);
        assertEquals(List.of("200@1 null"), decoded(table.takeOwnChanges(1_000)));
        say(3, BOB, 2, "{}", 2);
        say(SERVER, ANN, 2, "{}", 2);
        assertEquals(List.of("200@2 {}"), decoded(table.everybodyHere(1_000)));
        assertFalse(table.hasOwnChanges());
    }

    @Test
    void whoGoesToAnotherServerIsOfThatOneAndAnEchoIsNot() {
        say(SERVER, ANN, 5, "{}", 0);
        say(BOB_SEAT, BOB, 1, "{}", 0);
        taken();
        assertFalse(say(BOB_SEAT, ANN, 5, "{}", 1));
        table.replace(SERVER, new byte[0], 2);
        assertTrue(say(4, ANN, 5, "{}", 3));
        table.leave(SERVER, 4);
        assertEquals(List.of("200@1 {}", "100@6 {}"), decoded(table.everybodyHere(1_000)));
    }

    @Test
    void anotherServerDoesNotSpeakForAnEditorThatIsHere() {
        say(ANN_SEAT, ANN, 5, "{}", 0);
        taken();
        assertFalse(say(SERVER, ANN, 9, "{\"x\":\"forged\"}", 1));
        assertFalse(say(SERVER, ANN, 9, "null", 1));
        assertEquals(1, table.size());
    }

    private static List<String> decoded(byte[] update) {
        List<String> out = new ArrayList<>();
        if (update.length > 0) {
            AwarenessUpdate.decode(update, 20)
                    .entries()
                    .forEach(entry -> out.add(entry.client() + "@" + entry.clock() + " " + entry.state()));
        }
        return out;
    }

    private boolean say(long seat, long client, long clock, String state, long now) {
        return table.apply(seat, update(client, clock, state), now);
    }

    private List<String> taken() {
        return decoded(table.takeChanges(Integer.MAX_VALUE));
    }

    private static byte[] update(long client, long clock, String state) {
        return new AwarenessUpdate(List.of(new AwarenessUpdate.Entry(client, clock, state))).encode();
    }
}
