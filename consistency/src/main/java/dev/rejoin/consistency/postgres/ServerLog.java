package dev.rejoin.consistency.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;

/** What a PostgreSQL server says of its write-ahead log. Each question is a statement of its own, outside of any transaction. */
final class ServerLog {
    /* Order of the questions to a standby
     * -----------------------------------
     * First how far it has replayed, then from which timeline it receives. A standby replays what it has received, so if a record of the
     * next timeline is among what the first answer covers, the second names that timeline already. The other way round, a standby that
     * follows a failover between the two questions would vouch for the old timeline with positions of the new one.
     *
     * The control file also names a timeline, but it is written now and then only, and may lag behind what has been replayed.
     */
    private static final int QUERY_SECONDS = 2;
    private static final int WAIT_FOR_SINCE_VERSION = 19;

    private ServerLog() {}

    /**
     * Where the primary will write next: behind everything that has been committed, also by a commit that was not flushed
     * ({@code synchronous_commit=off}), which {@code pg_current_wal_lsn()} leaves out.
     */
    static LsnToken insertPosition(Connection primary) throws SQLException {
        return outsideOfTransactions(primary, () -> {
            try (Statement statement = statement(primary);
                    ResultSet row = statement.executeQuery(
                            "SELECT lsn::text, pg_walfile_name(lsn), system_identifier, segment.setting::bigint"
                                    + " FROM pg_current_wal_insert_lsn() AS lsn, pg_control_system(),"
                                    + " pg_settings AS segment WHERE segment.name = 'wal_segment_size'")) {
                row.next();
                return LsnToken.ofInsertPosition(
                        row.getLong(3),
                        Integer.parseUnsignedInt(row.getString(2).substring(0, 8), 16),
                        LsnToken.parseLsn(row.getString(1)),
                        row.getLong(4));
            }
        });
    }

    /** How far a server has replayed, or written if it is no standby; empty if it does not say on which timeline. */
    static Optional<LsnToken> reached(Connection server) throws SQLException {
        return outsideOfTransactions(server, () -> {
            String replayed;
            try (Statement statement = statement(server);
                    ResultSet row =
                            statement.executeQuery("SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()::text")) {
                row.next();
                if (!row.getBoolean(1)) {
                    return Optional.of(insertPosition(server));
                }
                replayed = row.getString(2);
            }
            try (Statement statement = statement(server);
                    ResultSet row = statement.executeQuery(
                            "SELECT received_tli, system_identifier FROM pg_stat_wal_receiver, pg_control_system()")) {
                int timeline = row.next() ? row.getInt(1) : 0;
                return replayed == null || timeline < 1
                        ? Optional.empty()
                        : Optional.of(new LsnToken(row.getLong(2), timeline, LsnToken.parseLsn(replayed)));
            }
        });
    }

    /** Whether the server can wait by itself ({@code WAIT FOR LSN}). */
    static boolean waitsForLsn(Connection server) throws SQLException {
        return server.getMetaData().getDatabaseMajorVersion() >= WAIT_FOR_SINCE_VERSION;
    }

    /** Has the standby wait until it has replayed the token, or the time is over; the caller asks {@link #reached} afterwards. */
    static void waitForLsn(Connection standby, LsnToken token, Duration atMost) throws SQLException {
        outsideOfTransactions(standby, () -> {
            try (Statement statement = statement(standby)) {
                // a statement and no function, because a function would hold a snapshot that can keep the replay from
                // going on
                return statement.execute("WAIT FOR LSN '" + token.lsnText() + "' WITH (MODE 'standby_replay', TIMEOUT '"
                        + Math.max(1, atMost.toMillis()) + "ms', NO_THROW)");
            }
        });
    }

    private static Statement statement(Connection connection) throws SQLException {
        Statement statement = connection.createStatement();
        statement.setQueryTimeout(QUERY_SECONDS);
        return statement;
    }

    /** A question inside a transaction would take the snapshot with which the application then reads, before the answer is known. */
    private static <T> T outsideOfTransactions(Connection connection, Question<T> question) throws SQLException {
        if (connection.getAutoCommit()) {
            return question.ask();
        }
        connection.setAutoCommit(true);
        try {
            return question.ask();
        } finally {
            connection.setAutoCommit(false);
        }
    }

    private interface Question<T> {
        T ask() throws SQLException;
    }
}
