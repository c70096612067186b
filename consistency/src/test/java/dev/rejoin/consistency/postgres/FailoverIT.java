package dev.rejoin.consistency.postgres;

import static dev.rejoin.consistency.postgres.PostgresPair.ask;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.postgres.ReadReport.Outcome;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** X5: the primary dies with a write that had not been shipped, and the standby takes over. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class FailoverIT {
    private static final String VALUE = "SELECT value FROM item WHERE id = 1";

    @Test
    void aTokenOfALostWriteIsNeverFulfilledAndTheSessionIsToldOnce() throws Exception {
        try (PostgresPair pair = PostgresPair.start()) {
            LsnSession session = LsnSession.create();
            PostgresReadYourWrites before = PostgresReadYourWrites.builder(
                            pair.primary().source("app"))
                    .replica("standby", pair.standby().source("app"))
                    .build();
            pair.standby().crash();
            before.write(session, connection -> execute(connection, "UPDATE item SET value = 999 WHERE id = 1"));
            LsnToken lost = session.token().orElseThrow();
            pair.primary().crash();
            pair.standby().start();
            pair.standby().promote();
            for (int i = 10;
                    LsnToken.parseLsn(pair.standby().ask("SELECT pg_current_wal_insert_lsn()")) < lost.lsn();
                    i++) {
                pair.standby().execute("INSERT INTO item VALUES (" + i + ", 0)");
            }

            try (Connection connection = pair.standby().source("app").getConnection()) {
                long naive = LsnToken.parseLsn(ask(connection, "SELECT pg_current_wal_insert_lsn()"));
                assertTrue(Long.compareUnsigned(naive, lost.lsn()) >= 0, "the naive check is content");
                assertEquals("52", ask(connection, VALUE), "and the write is not there");
                assertFalse(PostgresReadYourWrites.isVisible(connection, lost));
            }

            List<ReadReport> reports = new ArrayList<>();
            PostgresReadYourWrites after = PostgresReadYourWrites.builder(
                            pair.standby().source("app"))
                    .onRead(reports::add)
                    .build();
            after.read(session, connection -> ask(connection, VALUE));
            after.read(session, connection -> ask(connection, VALUE));
            assertEquals(
                    List.of(Outcome.TIMELINE_CHANGED, Outcome.NO_REPLICA),
                    reports.stream().map(ReadReport::outcome).toList());
            assertEquals(2, session.token().orElseThrow().timeline());
        }
    }

    private static boolean execute(Connection connection, String sql) throws java.sql.SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.execute(sql);
        }
    }
}
