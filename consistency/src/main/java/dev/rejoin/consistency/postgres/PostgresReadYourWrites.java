package dev.rejoin.consistency.postgres;

import dev.rejoin.crdt.clock.TimeSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Read-your-writes over a PostgreSQL primary and its streaming standbys: what a session has written is in everything it reads afterwards,
 * from whichever server.
 *
 * <pre>{@code
 * PostgresReadYourWrites database = PostgresReadYourWrites.builder(primary)
 *         .replica("berlin", berlin)
 *         .build();
 * LsnSession session = LsnSession.create();
 * database.write(session, connection -> insert(connection, "Blue mug"));
 * List<String> products = database.read(session, connection -> products(connection));
 * }</pre>
 *
 * <h2>How it works</h2>
 *
 * After the commit the position of the primary's log is taken, on the same connection, and kept in the session. Before a read a replica is
 * asked how far it has replayed, on the connection that then reads; if not far enough, it is given a short time, and then the primary is asked.
 * Whatever is unclear (a replica that fails, that is on another timeline, that does not say) also leads to the primary: a read may cost the primary
 * something, but it is never silently stale.
 *
 * <p>A role that checks standbys needs {@code GRANT pg_read_all_stats}, else PostgreSQL hides the timeline they receive from, and no read
 * is served by them ({@link ReadReport.Outcome#NO_REPLICA}).
 *
 * <p>For any thread. Costs one round trip after a write and two before a read of a replica.
 *
 * <p>Source: PostgreSQL documentation, "Recovery Control Functions", "The Statistics Collector: pg_stat_wal_receiver", "WAIT FOR LSN";
 * docs/concepts/postgresql-replicas.md.
 */
public final class PostgresReadYourWrites {
    private static final long FIRST_PAUSE_NANOS = 2_000_000;
    private static final long LONGEST_PAUSE_NANOS = 10_000_000;
    private static final String SERIALIZATION_FAILURE = "40001";
    private static final String QUERY_CANCELED = "57014";

    private final DataSource primary;
    private final List<Replica> replicas;
    private final Duration waitBudget;
    private final Consumer<ReadReport> listener;
    private final Pause pause;
    private final RandomGenerator random;
    private final long restMillis;
    private final TimeSource time;
    private final AtomicInteger turn = new AtomicInteger();
    private final ThreadLocal<@Nullable LsnSession> bound = new ThreadLocal<>();

    private PostgresReadYourWrites(Builder builder) {
        this.primary = builder.primary;
        this.replicas = List.copyOf(builder.replicas);
        this.waitBudget = builder.waitBudget;
        this.listener = builder.listener;
        this.pause = builder.pause;
        this.random = builder.random;
        this.restMillis = builder.rest.toMillis();
        this.time = builder.time;
    }

    private static final class Replica {
        final String name;
        final DataSource source;

        /** Not asked before this time, because it did not answer. */
        volatile long restsUntilMillis = Long.MIN_VALUE;

        Replica(String name, DataSource source) {
            this.name = name;
            this.source = source;
        }
    }

    /** Lets time pass; the tests count it. */
    @FunctionalInterface
    interface Pause {
        void nanos(long nanos);
    }

    /** A connection to read from, and why this one. */
    record Chosen(Connection connection, ReadReport report) {}

    /** Starts with the server that takes the writes. */
    public static Builder builder(DataSource primary) {
        return new Builder(primary);
    }

    /** Chooses servers and waiting time. */
    public static final class Builder {
        private final DataSource primary;
        private final List<Replica> replicas = new ArrayList<>();
        private Duration waitBudget = Duration.ofMillis(100);
        private Consumer<ReadReport> listener = report -> {};
        private Pause pause = LockSupport::parkNanos;
        private RandomGenerator random = RandomGenerator.getDefault();
        private Duration rest = Duration.ofSeconds(5);
        private TimeSource time = TimeSource.system();

        private Builder(DataSource primary) {
            this.primary = primary;
        }

        /**
         * Adds a streaming standby.
         *
         * @param name for reports
         */
        public Builder replica(String name, DataSource source) {
            replicas.add(new Replica(name, source));
            return this;
        }

        /** How long a read pauses at most for a replica that is behind, before it goes to the primary. Default: 100 ms. */
        public Builder waitBudget(Duration budget) {
            if (budget.isNegative()) {
                throw new IllegalArgumentException("a budget of " + budget);
            }
            waitBudget = budget;
            return this;
        }

        /** How long a replica that could not be asked is left alone. Default: 5 s. */
        public Builder restAfterFailure(Duration time) {
            rest = time;
            return this;
        }

        /** Hears how each read was served, on the reading thread. */
        public Builder onRead(Consumer<ReadReport> reports) {
            listener = reports;
            return this;
        }

        /** The clock of the rests. Default: the system's. */
        public Builder timeSource(TimeSource source) {
            time = source;
            return this;
        }

        Builder pause(Pause other) {
            pause = other;
            return this;
        }

        public PostgresReadYourWrites build() {
            return new PostgresReadYourWrites(this);
        }
    }

    /**
     * Writes in one transaction on the primary and remembers in the session what was committed.
     *
     * @throws SQLException what the work or the commit throws; the transaction is rolled back, and the session is as before. If the commit itself
     *     fails for want of a connection it may have taken place all the same
     */
    public <T> T write(LsnSession session, SqlWork<T> work) throws SQLException {
        try (Connection connection = primary.getConnection()) {
            boolean wasAuto = connection.getAutoCommit();
            connection.setAutoCommit(false);
            T result;
            try {
                result = work.with(connection);
                connection.commit();
            } catch (SQLException | RuntimeException | Error failure) {
                rollBack(connection, failure);
                throw failure;
            }
            connection.setAutoCommit(wasAuto);
            capture(session, connection);
            return result;
        }
    }

    private static void rollBack(Connection connection, Throwable failure) {
        try {
            connection.rollback();
        } catch (SQLException second) {
            failure.addSuppressed(second);
        }
    }

    /**
     * Remembers in the session what was committed on this connection to the primary; for applications that keep their own transactions. To be
     * called after the commit, not before: a position inside the transaction lies before its end.
     */
    public void capture(LsnSession session, Connection committed) throws SQLException {
        session.observe(ServerLog.insertPosition(committed));
    }

    /**
     * Reads what the session has written, and possibly more. If a replica fails or cancels the read, the work is done again on the
     * primary, so it should only read.
     *
     * @throws SQLException what the work throws on the primary, or what it throws on a replica by its own fault
     */
    public <T> T read(LsnSession session, SqlWork<T> work) throws SQLException {
        Chosen chosen = choose(session);
        try (Connection connection = chosen.connection()) {
            T result = work.with(connection);
            listener.accept(chosen.report());
            return result;
        } catch (SQLException failure) {
            if (chosen.report().server().equals(ReadReport.PRIMARY) || !isOfTheServer(failure)) {
                throw failure;
            }
        }
        try (Connection connection = primary.getConnection()) {
            T result = work.with(connection);
            listener.accept(new ReadReport(
                    ReadReport.PRIMARY,
                    ReadReport.Outcome.REPLICA_FAILED,
                    chosen.report().waited()));
            return result;
        }
    }

    /** Connection lost, server going down, or a query cancelled because it stood in the way of the replay. */
    private static boolean isOfTheServer(SQLException failure) {
        String state = failure.getSQLState();
        return state == null
                || state.startsWith("08")
                || state.startsWith("57P")
                || state.equals(SERIALIZATION_FAILURE)
                || state.equals(QUERY_CANCELED);
    }

    /** Whether a server has replayed what the token stands for, asked now, outside of any transaction of the connection. */
    public static boolean isVisible(Connection server, LsnToken token) throws SQLException {
        return ServerLog.reached(server).filter(token::isReachedBy).isPresent();
    }

    /**
     * A data source for code that knows nothing of this: connections that are set read-only before their first statement (as by Spring's
     * {@code @Transactional(readOnly = true)}) read from a replica that shows the writes of the bound session, the others go to the primary and their
     * commits are remembered in it. Without a bound session everything goes to the primary.
     */
    public DataSource dataSource() {
        return new RoutingDataSource(this);
    }

    /** Makes a session that of this thread until the scope is closed; scopes may be nested. */
    public Scope bind(LsnSession session) {
        LsnSession outer = bound.get();
        bound.set(session);
        return () -> {
            if (outer == null) {
                bound.remove();
            } else {
                bound.set(outer);
            }
        };
    }

    /** The time during which a session is that of a thread. */
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    @Nullable
    LsnSession boundSession() {
        return bound.get();
    }

    DataSource primary() {
        return primary;
    }

    void report(ReadReport report) {
        listener.accept(report);
    }

    /** Opens a connection that shows what the session has written. */
    Chosen choose(LsnSession session) throws SQLException {
        LsnToken token = session.token().orElse(null);
        boolean someBehind = false;
        int first = Math.floorMod(turn.getAndIncrement(), Math.max(1, replicas.size()));
        for (int i = 0; i < replicas.size(); i++) {
            Replica replica = replicas.get((first + i) % replicas.size());
            Optional<Standing> standing = standing(replica, token);
            if (standing.isPresent()) {
                Standing found = standing.get();
                if (found.hasReached) {
                    return new Chosen(
                            found.connection,
                            new ReadReport(
                                    replica.name,
                                    token == null ? ReadReport.Outcome.NOTHING_WRITTEN : ReadReport.Outcome.CAUGHT_UP,
                                    Duration.ZERO));
                }
                found.connection.close();
                someBehind |= found.isComparable;
            }
        }
        Duration waited = Duration.ZERO;
        if (someBehind && token != null && !waitBudget.isZero()) {
            for (int i = 0; i < replicas.size(); i++) {
                Replica replica = replicas.get((first + i) % replicas.size());
                Waited outcome = wait(replica, token);
                if (outcome.connection != null) {
                    return new Chosen(
                            outcome.connection,
                            new ReadReport(replica.name, ReadReport.Outcome.CAUGHT_UP_AFTER_WAIT, outcome.duration));
                }
                if (outcome.duration.compareTo(Duration.ZERO) > 0) {
                    waited = outcome.duration;
                    break;
                }
            }
        }
        return fromPrimary(session, token, someBehind, waited);
    }

    private Chosen fromPrimary(LsnSession session, @Nullable LsnToken token, boolean someBehind, Duration waited)
            throws SQLException {
        Connection connection = primary.getConnection();
        ReadReport.Outcome outcome = someBehind ? ReadReport.Outcome.BEHIND : ReadReport.Outcome.NO_REPLICA;
        if (token != null && !someBehind) {
            try {
                LsnToken present = ServerLog.insertPosition(connection);
                if (!token.isReachedBy(present)) {
                    session.restart(present);
                    outcome = ReadReport.Outcome.TIMELINE_CHANGED;
                }
            } catch (SQLException | RuntimeException failure) {
                connection.close();
                throw failure;
            }
        }
        return new Chosen(connection, new ReadReport(ReadReport.PRIMARY, outcome, waited));
    }

    private record Standing(Connection connection, boolean hasReached, boolean isComparable) {}

    private record Waited(@Nullable Connection connection, Duration duration) {}

    /** Where a replica stands; empty if it cannot be asked or does not say. */
    private Optional<Standing> standing(Replica replica, @Nullable LsnToken token) {
        if (time.millis() < replica.restsUntilMillis) {
            return Optional.empty();
        }
        Connection connection = null;
        try {
            connection = replica.source.getConnection();
            if (token == null) {
                return Optional.of(new Standing(connection, true, true));
            }
            Optional<LsnToken> reached = ServerLog.reached(connection);
            if (reached.isEmpty()) {
                connection.close();
                return Optional.empty();
            }
            return Optional.of(
                    new Standing(connection, token.isReachedBy(reached.get()), token.isComparableTo(reached.get())));
        } catch (SQLException unreachable) {
            replica.restsUntilMillis = time.millis() + restMillis;
            closeQuietly(connection);
            return Optional.empty();
        }
    }

    /** Gives a replica the budget to catch up: by its own means where it has them, else by asking again after 2, 5 and 10 ms. */
    private Waited wait(Replica replica, LsnToken token) {
        Connection connection = null;
        long waited = 0;
        try {
            connection = replica.source.getConnection();
            boolean waitsItself = ServerLog.waitsForLsn(connection);
            long pauseNanos = FIRST_PAUSE_NANOS;
            while (waited < waitBudget.toNanos()) {
                if (waitsItself) {
                    ServerLog.waitForLsn(connection, token, waitBudget);
                    waited = waitBudget.toNanos();
                } else {
                    long nanos = Math.min(pauseNanos / 2 + random.nextLong(pauseNanos), waitBudget.toNanos() - waited);
                    pause.nanos(nanos);
                    waited += nanos;
                    pauseNanos = Math.min(LONGEST_PAUSE_NANOS, pauseNanos * 5 / 2);
                }
                Optional<LsnToken> reached = ServerLog.reached(connection);
                if (reached.isEmpty() || !token.isComparableTo(reached.get())) {
                    connection.close();
                    return new Waited(null, Duration.ZERO);
                }
                if (token.isReachedBy(reached.get())) {
                    return new Waited(connection, Duration.ofNanos(waited));
                }
            }
            connection.close();
        } catch (SQLException failure) {
            closeQuietly(connection);
        }
        return new Waited(null, Duration.ofNanos(waited));
    }

    private static void closeQuietly(@Nullable Connection connection) {
        if (connection != null) {
            try {
                connection.close();
            } catch (SQLException alreadyBroken) {
                // It was given up because it failed; there is nobody to tell a second time.
            }
        }
    }
}
