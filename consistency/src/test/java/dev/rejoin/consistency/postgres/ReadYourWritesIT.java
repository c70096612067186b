package dev.rejoin.consistency.postgres;

import static dev.rejoin.consistency.postgres.PostgresPair.ask;
import static dev.rejoin.consistency.postgres.PostgresPair.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.postgres.ReadReport.Outcome;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real primary and a real streaming standby: each trap first with the naive form, which falls into it, then with ours. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class ReadYourWritesIT {
    private static final String VALUE = "SELECT value FROM item WHERE id = 1";
    /** So often in succession it does not happen that the server flushes between a commit and the next few statements. */
    private static final int FLUSHED_IN_BETWEEN = 10;

    private static final AtomicInteger VALUES = new AtomicInteger(1_000);

    private static PostgresPair pair;

    private final List<ReadReport> reports = new ArrayList<>();
    private final LsnSession session = LsnSession.create();
    private PostgresReadYourWrites database;
    private DataSource primary;
    private DataSource standby;

    @BeforeAll
    static void startServers() throws Exception {
        pair = PostgresPair.start();
    }

    @AfterAll
    static void stopServers() throws Exception {
        pair.close();
    }

    @BeforeEach
    void connect() {
        primary = pair.primary().source("app");
        standby = pair.standby().source("app");
        database = guard(standby, Duration.ofMillis(50));
    }

    @AfterEach
    void resume() throws Exception {
        pair.standby().execute("SELECT pg_wal_replay_resume()");
        pair.awaitReplay();
    }

    private PostgresReadYourWrites guard(DataSource replica, Duration budget) {
        return PostgresReadYourWrites.builder(primary)
                .replica("standby", replica)
                .waitBudget(budget)
                .onRead(reports::add)
                .build();
    }

    private static void pause() throws Exception {
        pair.standby().execute("SELECT pg_wal_replay_pause()");
        await(
                "the replay is paused",
                () -> pair.standby()
                        .ask("SELECT pg_get_wal_replay_pause_state()")
                        .equals("paused"));
    }

    private int write() throws SQLException {
        int value = VALUES.incrementAndGet();
        database.write(session, connection -> update(connection, value));
        return value;
    }

    private static int update(Connection connection, int value) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.executeUpdate("UPDATE item SET value = " + value + " WHERE id = 1");
        }
    }

    private int read() throws SQLException {
        return database.read(session, ReadYourWritesIT::value);
    }

    private static int value(Connection connection) throws SQLException {
        return Integer.parseInt(ask(connection, VALUE));
    }

    private int directly() throws SQLException {
        try (Connection connection = standby.getConnection()) {
            return value(connection);
        }
    }

    private Outcome lastOutcome() {
        return reports.get(reports.size() - 1).outcome();
    }

    private LsnToken token() {
        return session.token().orElseThrow();
    }

    @Test
    void aReadThatTheReplicaCannotServeYetIsServedByThePrimary() throws Exception {
        pause();
        int written = write();
        assertNotEquals(written, directly(), "the naive read");
        assertEquals(written, read());
        assertEquals(Outcome.BEHIND, lastOutcome());
        assertTrue(reports.get(0).waited().compareTo(Duration.ofMillis(50)) >= 0);
        pair.standby().execute("SELECT pg_wal_replay_resume()");
        pair.awaitReplay();
        assertEquals(written, read());
        assertEquals(Outcome.CAUGHT_UP, lastOutcome());
    }

    @Test
    void aReplicaThatCatchesUpWithinTheBudgetServes() throws Exception {
        database = guard(standby, Duration.ofSeconds(20));
        pause();
        int written = write();
        CompletableFuture<Integer> reading = CompletableFuture.supplyAsync(() -> {
            try {
                return read();
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        Thread.sleep(100);
        assertFalse(reading.isDone());
        pair.standby().execute("SELECT pg_wal_replay_resume()");
        assertEquals(written, reading.get(60, TimeUnit.SECONDS));
        assertEquals(Outcome.CAUGHT_UP_AFTER_WAIT, lastOutcome());
    }

    /** X1: "greater than" never becomes true on an idle standby. */
    @Test
    void anIdleReplicaStandsExactlyAtTheToken() throws Exception {
        boolean stoodThere = false;
        for (int attempt = 0; attempt < 20 && !stoodThere; attempt++) {
            write();
            await("the standby is there", () -> {
                try (Connection connection = standby.getConnection()) {
                    return PostgresReadYourWrites.isVisible(connection, token());
                }
            });
            // a checkpoint or a list of running transactions may have moved it on meanwhile; then once more
            stoodThere = LsnToken.parseLsn(pair.standby().ask("SELECT pg_last_wal_replay_lsn()")) == token().lsn();
        }
        assertTrue(stoodThere, "the naive \"greater than\" would have become true");
    }

    /** Where the log ends with a full page, the next record will stand behind a page header, and the replay before it. */
    @Test
    void aTokenAtAPageBoundaryIsReachedWithoutAnotherWrite() throws Exception {
        try (Connection connection = pair.primary().source("postgres").getConnection()) {
            long naive = endOfAFullPage(connection);
            LsnToken ours = ServerLog.insertPosition(connection);
            LsnToken unadjusted = new LsnToken(ours.systemId(), ours.timeline(), naive);
            await("the standby is there", () -> {
                try (Connection replica = standby.getConnection()) {
                    return PostgresReadYourWrites.isVisible(replica, ours);
                }
            });
            try (Connection replica = standby.getConnection()) {
                assertEquals(ours, ServerLog.reached(replica).orElseThrow());
                assertFalse(PostgresReadYourWrites.isVisible(replica, unadjusted), "the naive token");
            }
        }
    }

    /** Writes until a record ends with its page; returns the insert position then. */
    private static long endOfAFullPage(Connection connection) throws SQLException {
        for (int attempt = 0; attempt < 100; attempt++) {
            long start = insertPosition(connection);
            emit(connection, 96);
            long at = insertPosition(connection);
            long overhead = at - start - 96;
            long room = 8_192 - at % 8_192;
            if (overhead > 0 && overhead < 100 && room > overhead) {
                emit(connection, room - overhead);
                long end = insertPosition(connection);
                if (end % 8_192 == 24) {
                    return end;
                }
            }
        }
        throw new AssertionError("no record ended with its page");
    }

    private static long insertPosition(Connection connection) throws SQLException {
        return LsnToken.parseLsn(ask(connection, "SELECT pg_current_wal_insert_lsn()"));
    }

    private static void emit(Connection connection, long bytes) throws SQLException {
        ask(connection, "SELECT pg_logical_emit_message(false, 'x', repeat('a', " + bytes + "), true)");
    }

    /** X2: a position taken inside the transaction lies before its commit. */
    @Test
    void aTokenTakenInsideTheTransactionIsTooEarly() throws Exception {
        int written = VALUES.incrementAndGet();
        try (Connection connection = primary.getConnection();
                Connection flusher = primary.getConnection()) {
            connection.setAutoCommit(false);
            update(connection, written);
            LsnToken inside =
                    new LsnToken(1, 1, LsnToken.parseLsn(ask(connection, "SELECT pg_current_wal_insert_lsn()")));
            update(flusher, written, 2); // another's commit flushes what was written so far
            await("the standby has replayed the update", () -> {
                long replayed = LsnToken.parseLsn(pair.standby().ask("SELECT pg_last_wal_replay_lsn()"));
                return Long.compareUnsigned(replayed, inside.lsn()) >= 0;
            });
            assertNotEquals(written, directly(), "the naive token says that it must be there");
            pause();
            connection.commit();
            database.capture(session, connection);
        }
        assertNotEquals(written, directly());
        assertEquals(written, read());
    }

    private static void update(Connection connection, int value, int id) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("INSERT INTO item VALUES (" + id + ", " + value
                    + ") ON CONFLICT (id) DO UPDATE SET value = excluded.value");
        }
    }

    /**
     * X3: after an asynchronous commit the flushed position is too small. The server flushes by itself every ten seconds, and where that comes in between there is nothing to
     * be seen of it, so it is looked at again.
     */
    @Test
    void anAsynchronousCommitIsCovered() throws Exception {
        int attempt = 0;
        do {
            assertTrue(attempt < FLUSHED_IN_BETWEEN, "the naive token covers the write");
            attempt++;
        } while (!anAsynchronousCommitIsMissedByItsFlushedPosition());
    }

    /** Commits, and reads what was committed; whether a token of the flushed position would have let a replica answer that lacks it. */
    private boolean anAsynchronousCommitIsMissedByItsFlushedPosition() throws Exception {
        int written = VALUES.incrementAndGet();
        long flushed;
        try (Connection connection = primary.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("SET synchronous_commit = off");
            update(connection, written);
            flushed = LsnToken.parseLsn(ask(connection, "SELECT pg_current_wal_lsn()"));
            database.capture(session, connection);
        }
        boolean isTooSmall = Long.compareUnsigned(flushed, token().lsn()) < 0;
        await(
                "the standby has replayed what is flushed",
                () -> Long.compareUnsigned(
                                LsnToken.parseLsn(pair.standby().ask("SELECT pg_last_wal_replay_lsn()")), flushed)
                        >= 0);
        boolean isMissed = directly() != written;
        assertEquals(written, read());
        return isTooSmall && isMissed;
    }

    /** X4: whoever asks inside a transaction reads from a snapshot that is older than the answer. */
    @Test
    void theQuestionIsAskedBeforeTheSnapshotIsTaken() throws Exception {
        try (Connection connection = standby.getConnection()) {
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setAutoCommit(false);
            int before = value(connection);
            int written = write();
            pair.awaitReplay();
            long replayed = LsnToken.parseLsn(ask(connection, "SELECT pg_last_wal_replay_lsn()"));
            assertTrue(Long.compareUnsigned(replayed, token().lsn()) >= 0, "the naive question");
            assertEquals(before, value(connection), "and the naive answer");
            connection.rollback();
            int ours = database.read(session, reader -> {
                reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                reader.setAutoCommit(false);
                int value = value(reader);
                reader.rollback();
                return value;
            });
            assertEquals(written, ours);
            assertEquals(Outcome.CAUGHT_UP, lastOutcome());
        }
    }

    /** X7: {@code remote_apply} makes every replica current, and every commit hang when one is gone. */
    @Test
    void ourCommitsDoNotWaitForReplicas() throws Exception {
        pair.primary()
                .execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody_there'", "SELECT pg_reload_conf()");
        try {
            await(
                    "the primary wants a standby",
                    () -> pair.primary().ask("SHOW synchronous_standby_names").equals("nobody_there"));
            CompletableFuture<Void> naive = CompletableFuture.runAsync(() -> {
                try (Connection connection = primary.getConnection();
                        Statement statement = connection.createStatement()) {
                    statement.execute("SET synchronous_commit = remote_apply");
                    update(connection, 7, 3);
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThrows(TimeoutException.class, () -> naive.get(1, TimeUnit.SECONDS));
            int written = VALUES.incrementAndGet();
            database.write(session, connection -> {
                try (Statement statement = connection.createStatement()) {
                    statement.execute("SET LOCAL synchronous_commit = local");
                }
                return update(connection, written);
            });
            assertEquals(written, read());
            pair.primary().execute("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()");
            naive.get(60, TimeUnit.SECONDS);
        } finally {
            pair.primary().execute("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()");
        }
    }

    /** X8: a snapshot held on a standby stalls the replay for everybody, and is cancelled in the end. */
    @Test
    void aReadThatTheReplayCancelsIsAnsweredByThePrimary() throws Exception {
        try (Connection connection = primary.getConnection()) {
            update(connection, 4, 4);
        }
        int written = write();
        pair.awaitReplay();
        AtomicInteger runs = new AtomicInteger();
        AtomicLong stalledBytes = new AtomicLong();
        int answer = database.read(session, reader -> {
            int value = value(reader);
            if (runs.incrementAndGet() > 1) {
                return value;
            }
            reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            reader.setAutoCommit(false);
            value(reader);
            pair.primary().execute("DELETE FROM item WHERE id = 4", "VACUUM item");
            LsnToken after;
            try (Connection connection = primary.getConnection()) {
                update(connection, 5, 5);
                after = ServerLog.insertPosition(connection);
            }
            while (true) {
                try (Connection other = standby.getConnection()) {
                    long behind =
                            after.lsn() - ServerLog.reached(other).orElseThrow().lsn();
                    stalledBytes.accumulateAndGet(behind, Math::max);
                }
                value(reader); // until it is cancelled
            }
        });
        assertEquals(written, answer);
        assertEquals(2, runs.get());
        assertEquals(Outcome.REPLICA_FAILED, lastOutcome());
        assertTrue(stalledBytes.get() > 0, "the snapshot did not stall the replay");
    }

    /** X6: both formulas that read the replica's statistics, on an idle system and on a cut link. */
    @Test
    void theLagIsRightOnAnIdleSystemAndOnACutLink() throws Exception {
        AtomicLong clock = new AtomicLong(1_000_000);
        PostgresHeartbeat heartbeat = new PostgresHeartbeat(primary, clock::get);
        assertTrue(heartbeat.lag(standby).isEmpty());
        heartbeat.beat();
        pair.awaitReplay();
        assertEquals(Duration.ZERO, heartbeat.lag(standby).orElseThrow());
        Thread.sleep(1_200);
        double naiveIdle = Double.parseDouble(
                pair.standby().ask("SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())"));
        assertTrue(naiveIdle > 1, "the naive lag of an idle system that lacks nothing");
        assertEquals(Duration.ZERO, heartbeat.lag(standby).orElseThrow());

        String link = pair.standby().ask("SHOW primary_conninfo");
        pair.standby().execute("ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()");
        try {
            await(
                    "the link is cut",
                    () -> pair.standby()
                            .ask("SELECT count(*) FROM pg_stat_wal_receiver")
                            .equals("0"));
            for (int i = 0; i < 3; i++) {
                clock.addAndGet(1_000);
                heartbeat.beat();
            }
            clock.addAndGet(1_000);
            assertEquals(
                    "0",
                    pair.standby()
                            .ask("SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0"
                                    + " ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END"),
                    "the usual repair of the naive lag, three writes behind");
            assertEquals(Duration.ofSeconds(3), heartbeat.lag(standby).orElseThrow());
            assertEquals(
                    Outcome.NO_REPLICA,
                    outcomeAfterWrite(),
                    "a standby without a link does not say on which timeline it is");
        } finally {
            pair.standby()
                    .execute(
                            "ALTER SYSTEM SET primary_conninfo = '" + link.replace("'", "''") + "'",
                            "SELECT pg_reload_conf()");
        }
    }

    private Outcome outcomeAfterWrite() throws SQLException {
        int written = write();
        assertEquals(written, read());
        return lastOutcome();
    }

    @Test
    void aRoleThatMayNotSeeTheTimelineReadsFromThePrimary() throws Exception {
        database = guard(pair.standby().source("stranger"), Duration.ofSeconds(1));
        assertEquals(Outcome.NO_REPLICA, outcomeAfterWrite());
    }

    @Test
    void aReplicaThatIsDownCostsOneAttemptInFiveSeconds() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        AtomicLong clock = new AtomicLong();
        DataSource broken = new RefusingDataSource(attempts);
        database = PostgresReadYourWrites.builder(primary)
                .replica("standby", broken)
                .onRead(reports::add)
                .timeSource(clock::get)
                .build();
        for (int i = 0; i < 3; i++) {
            assertEquals(Outcome.NO_REPLICA, outcomeAfterWrite());
        }
        assertEquals(1, attempts.get());
        clock.set(5_000);
        assertEquals(Outcome.NO_REPLICA, outcomeAfterWrite());
        assertEquals(2, attempts.get());
    }

    @Test
    void aSessionThatHasWrittenNothingReadsFromAnyReplica() throws Exception {
        pause();
        read();
        assertEquals(Outcome.NOTHING_WRITTEN, lastOutcome());
    }

    @Test
    void aTokenCanBeHandedToAnotherUser() throws Exception {
        pause();
        int written = write();
        LsnSession other = LsnSession.from(LsnToken.decode(token().encode()));
        assertEquals(written, database.read(other, ReadYourWritesIT::value));
    }

    @Test
    void aFailedTransactionLeavesTheSessionAsItWas() throws Exception {
        assertThrows(
                SQLException.class,
                () -> database.write(session, connection -> {
                    update(connection, 1);
                    return ask(connection, "SELECT 1/0");
                }));
        assertTrue(session.token().isEmpty());
    }

    @Test
    void codeThatKnowsNothingOfItReadsItsWritesThroughTheDataSource() throws Exception {
        DataSource routed = database.dataSource();
        pause();
        int written = VALUES.incrementAndGet();
        try (PostgresReadYourWrites.Scope scope = database.bind(session)) {
            try (Connection connection = routed.getConnection()) {
                connection.setAutoCommit(false);
                update(connection, written);
                connection.commit();
            }
            assertEquals(written, readOnly(routed));
            assertEquals(Outcome.BEHIND, lastOutcome());
            pair.standby().execute("SELECT pg_wal_replay_resume()");
            pair.awaitReplay();
            assertEquals(written, readOnly(routed));
            assertEquals(Outcome.CAUGHT_UP, lastOutcome());
            int auto = VALUES.incrementAndGet();
            pause();
            try (Connection connection = routed.getConnection()) {
                update(connection, auto);
            }
            assertEquals(auto, readOnly(routed));
            assertEquals(Outcome.BEHIND, lastOutcome());
        }
        int reads = reports.size();
        readOnly(routed);
        assertEquals(reads, reports.size(), "without a session a read goes to the primary");
    }

    private static int readOnly(DataSource routed) throws SQLException {
        try (Connection connection = routed.getConnection()) {
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            int value = value(connection);
            connection.commit();
            return value;
        }
    }

    @Test
    void aConnectionOfTheDataSourceIsClosedForGood() throws Exception {
        Connection connection = database.dataSource().getConnection();
        connection.close();
        connection.close();
        assertTrue(connection.isClosed());
        assertThrows(SQLException.class, connection::createStatement);
    }

    private static final class RefusingDataSource extends org.postgresql.ds.PGSimpleDataSource {
        private static final long serialVersionUID = 1;
        private final transient AtomicInteger attempts;

        RefusingDataSource(AtomicInteger attempts) {
            this.attempts = attempts;
        }

        @Override
        public Connection getConnection() throws SQLException {
            attempts.incrementAndGet();
            throw new SQLException("nobody there", "08001");
        }
    }
}
