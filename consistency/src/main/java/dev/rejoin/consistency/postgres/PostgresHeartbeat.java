package dev.rejoin.consistency.postgres;

import dev.rejoin.crdt.clock.TimeSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * How far a replica lags behind, measured by a row that the primary changes again and again.
 *
 * <p>The formulas that read the replica's own statistics are wrong in one case each: {@code now() - pg_last_xact_replay_timestamp()} grows on
 * an idle system, where nothing is missing, and the usual repair, "0 if everything received has been replayed", says 0 while the link is cut. Here
 * each beat has a number, and its time is kept by the one clock of this process: the lag is the age of the first beat that the replica does not show.
 * So clocks of the servers do not matter, an idle system shows at most the interval of the beats, and a cut link shows.
 *
 * <p>One process beats; it may ask any number of replicas. For any thread.
 */
public final class PostgresHeartbeat {
    /** How many beats are remembered; a replica that is further behind shows the age of the oldest. At one beat a second an hour. */
    static final int MAX_BEATS = 3_600;

    private static final String TABLE = "rejoin_heartbeat";

    private static final String NO_SUCH_TABLE = "42P01";

    private final DataSource primary;
    private final TimeSource time;
    private final ArrayDeque<Beat> beats = new ArrayDeque<>(); // guarded by this

    private record Beat(long number, long atMillis) {}

    /** Creates the table {@value #TABLE} on the primary if it is not there. */
    public PostgresHeartbeat(DataSource primary, TimeSource time) throws SQLException {
        this.primary = primary;
        this.time = time;
        try (Connection connection = primary.getConnection();
                Statement create = connection.createStatement()) {
            create.execute("CREATE TABLE IF NOT EXISTS " + TABLE + " (id int PRIMARY KEY, beat bigint NOT NULL)");
            create.execute("INSERT INTO " + TABLE + " VALUES (1, 0) ON CONFLICT DO NOTHING");
        }
    }

    /** Changes the row; to be called about once a second, on the application's own timer. */
    public void beat() throws SQLException {
        long at = time.millis();
        try (Connection connection = primary.getConnection();
                Statement update = connection.createStatement();
                ResultSet row =
                        update.executeQuery("UPDATE " + TABLE + " SET beat = beat + 1 WHERE id = 1 RETURNING beat")) {
            if (row.next()) {
                remember(new Beat(row.getLong(1), at));
            }
        }
    }

    private synchronized void remember(Beat beat) {
        beats.add(beat);
        if (beats.size() > MAX_BEATS) {
            beats.remove();
        }
    }

    /**
     * The age of the first beat that the replica does not show, zero if it shows them all; empty before the first beat.
     *
     * @throws SQLException if the replica cannot be asked
     */
    public Optional<Duration> lag(DataSource replica) throws SQLException {
        long shown;
        try (Connection connection = replica.getConnection();
                PreparedStatement select = connection.prepareStatement("SELECT beat FROM " + TABLE + " WHERE id = 1");
                ResultSet row = select.executeQuery()) {
            shown = row.next() ? row.getLong(1) : -1;
        } catch (SQLException failure) {
            if (!NO_SUCH_TABLE.equals(failure.getSQLState())) {
                throw failure;
            }
            shown = -1; // the replica has not even replayed the creation of the table
        }
        long now = time.millis();
        synchronized (this) {
            if (beats.isEmpty()) {
                return Optional.empty();
            }
            for (Beat beat : beats) {
                if (beat.number > shown) {
                    return Optional.of(Duration.ofMillis(Math.max(0, now - beat.atMillis)));
                }
            }
            return Optional.of(Duration.ZERO);
        }
    }
}
