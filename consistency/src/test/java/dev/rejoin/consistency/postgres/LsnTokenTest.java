package dev.rejoin.consistency.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LsnTokenTest {
    private static final long SEGMENT_BYTES = 16 << 20;

    private static LsnToken token(int timeline, long lsn) {
        return new LsnToken(-3, timeline, lsn);
    }

    @Test
    void aTokenGoesThroughTextUnchanged() {
        LsnToken largest = new LsnToken(-1, Integer.MAX_VALUE, -1);
        assertEquals(largest, LsnToken.decode(largest.encode()));
        assertTrue(largest.encode().length() <= LsnToken.MAX_CHARS);
        assertEquals("fffffffffffffffd.2.174d848", token(2, 0x174D848).encode());
    }

    @Test
    void whatIsNoTokenIsSaidToBeNone() {
        for (String text : List.of(
                "",
                "1.2",
                "1.2.3.4",
                "1.0.3",
                "x.1.2",
                "1.ffffffff.2",
                "1.1.2 ",
                "11111111111111111.1.1",
                "1".repeat(100_000))) {
            assertThrows(MalformedLsnTokenException.class, () -> LsnToken.decode(text), text);
        }
    }

    @Test
    void positionsAreComparedWithoutSignAndOnOneTimelineOnly() {
        assertTrue(token(1, 5).isReachedBy(token(1, 5)));
        assertTrue(token(1, Long.MAX_VALUE).isReachedBy(token(1, -1)));
        assertFalse(token(1, -1).isReachedBy(token(1, 5)));
        assertFalse(token(1, 5).isReachedBy(token(2, 6)));
        assertFalse(token(1, 5).isReachedBy(new LsnToken(4, 1, 6)));
    }

    @Test
    void aPositionBehindAnEmptyPageHeaderIsTheBeginningOfThePage() {
        assertEquals(
                8_192,
                LsnToken.ofInsertPosition(1, 1, 8_192 + 24, SEGMENT_BYTES).lsn());
        assertEquals(
                SEGMENT_BYTES,
                LsnToken.ofInsertPosition(1, 1, SEGMENT_BYTES + 40, SEGMENT_BYTES)
                        .lsn());
        assertEquals(
                8_192 + 40,
                LsnToken.ofInsertPosition(1, 1, 8_192 + 40, SEGMENT_BYTES).lsn());
        assertEquals(
                8_192 + 48,
                LsnToken.ofInsertPosition(1, 1, 8_192 + 48, SEGMENT_BYTES).lsn());
    }

    @Test
    void aSessionKeepsTheLaterOfTwoWrites() {
        LsnSession session = LsnSession.create();
        assertEquals(Optional.empty(), session.token());
        session.observe(token(1, 7));
        session.observe(token(1, 5));
        assertEquals(Optional.of(token(1, 7)), session.token());
        session.observe(token(2, 6));
        assertEquals(Optional.of(token(2, 6)), session.token());
        session.observe(token(1, 9));
        assertEquals(Optional.of(token(2, 6)), session.token());
        session.observe(new LsnToken(8, 1, 1));
        assertEquals(Optional.of(new LsnToken(8, 1, 1)), session.token());
    }

    @Test
    void whatPostgresPrintsIsRead() {
        assertEquals(0x16_B374D848L, LsnToken.parseLsn("16/B374D848"));
        assertEquals("16/B374D848", token(1, 0x16_B374D848L).lsnText());
        assertEquals(
                "FFFFFFFF/FFFFFFFF",
                token(1, LsnToken.parseLsn("FFFFFFFF/FFFFFFFF")).lsnText());
        assertThrows(IllegalArgumentException.class, () -> LsnToken.parseLsn("16-B3"));
    }

    /** No such server can be started here; this holds the statement to what its documentation says. */
    @Test
    void aServerThatCanWaitByItselfIsAskedTo() throws Exception {
        List<String> executed = new ArrayList<>();
        assertTrue(ServerLog.waitsForLsn(serverOfVersion(19, executed)));
        assertFalse(ServerLog.waitsForLsn(serverOfVersion(18, executed)));
        ServerLog.waitForLsn(serverOfVersion(19, executed), token(1, 0x16_B374D848L), Duration.ofMillis(100));
        assertEquals(
                List.of("WAIT FOR LSN '16/B374D848' WITH (MODE 'standby_replay', TIMEOUT '100ms', NO_THROW)"),
                executed);
    }

    private static Connection serverOfVersion(int version, List<String> executed) {
        DatabaseMetaData metaData = fake(DatabaseMetaData.class, (method, argument) -> version);
        Statement statement = fake(Statement.class, (method, argument) -> {
            if (method.equals("execute")) {
                executed.add(String.valueOf(argument));
                return true;
            }
            return null;
        });
        return fake(Connection.class, (method, argument) -> switch (method) {
            case "getMetaData" -> metaData;
            case "createStatement" -> statement;
            case "getAutoCommit" -> true;
            default -> throw new AssertionError(method);
        });
    }

    private interface Answer {
        Object to(String method, Object argument);
    }

    private static <T> T fake(Class<T> type, Answer answer) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> answer.to(method.getName(), arguments == null ? null : arguments[0])));
    }
}
