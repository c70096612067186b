package dev.rejoin.consistency.postgres;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * A connection that has not chosen its server yet: it notes what is set on it, and opens the real one at the first call that needs one. From then on
 * it passes everything on, and after each commit on the primary takes the position of the log. Used by one thread at a time.
 */
final class RoutedConnection implements InvocationHandler {
    private static final String CLOSED_STATE = "08003";

    private final PostgresReadYourWrites database;
    private final @Nullable LsnSession session;

    private @Nullable Connection target;
    private boolean closed;
    private boolean autoCommit = true;
    private boolean readOnly;
    private int isolation = -1;
    private boolean captures;
    /* Something ran since the last capture. */
    private boolean used;

    RoutedConnection(PostgresReadYourWrites database, @Nullable LsnSession session) {
        this.database = database;
        this.session = session;
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        Object first = arguments == null || arguments.length == 0 ? null : arguments[0];
        switch (method.getName()) {
            case "equals":
                return proxy == first;
            case "hashCode":
                return System.identityHashCode(proxy);
            case "toString":
                return "routed connection to " + (target == null ? "no server yet" : target);
            case "isClosed":
                return closed || target != null && target.isClosed();
            case "close":
                close();
                return null;
            default:
                break;
        }
        if (closed) {
            throw new SQLException("the connection is closed", CLOSED_STATE);
        }
        if (target == null) {
            switch (method.getName()) {
                case "setAutoCommit":
                    autoCommit = Boolean.TRUE.equals(first);
                    return null;
                case "getAutoCommit":
                    return autoCommit;
                case "setReadOnly":
                    readOnly = Boolean.TRUE.equals(first);
                    return null;
                case "isReadOnly":
                    return readOnly;
                case "setTransactionIsolation":
                    isolation = first instanceof Integer level ? level : isolation;
                    return null;
                case "commit", "clearWarnings":
                    return null;
                case "getWarnings":
                    return null;
                case "rollback":
                    if (first == null) {
                        return null;
                    }
                    break;
                default:
                    break;
            }
        }
        Connection connection = open();
        if (method.getName().equals("unwrap") || method.getName().equals("isWrapperFor")) {
            return call(connection, method, arguments);
        }
        boolean commits = method.getName().equals("commit")
                || method.getName().equals("setAutoCommit")
                        && Boolean.TRUE.equals(first)
                        && !connection.getAutoCommit();
        Object result = call(connection, method, arguments);
        if (commits) {
            capture(connection);
        } else {
            used = true;
        }
        return result;
    }

    private static @Nullable Object call(Connection connection, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        try {
            return method.invoke(connection, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause() == null ? thrown : thrown.getCause();
        }
    }

    private Connection open() throws SQLException {
        Connection opened = target;
        if (opened != null) {
            return opened;
        }
        if (readOnly && session != null) {
            PostgresReadYourWrites.Chosen chosen = database.choose(session);
            opened = chosen.connection();
            database.report(chosen.report());
        } else {
            opened = database.primary().getConnection();
            captures = session != null && !readOnly;
        }
        target = opened;
        if (isolation >= 0) {
            opened.setTransactionIsolation(isolation);
        }
        if (readOnly) {
            opened.setReadOnly(true);
        }
        if (opened.getAutoCommit() != autoCommit) {
            opened.setAutoCommit(autoCommit);
        }
        return opened;
    }

    private void capture(Connection connection) throws SQLException {
        if (captures && session != null && used) {
            used = false;
            database.capture(session, connection);
        }
    }

    private void close() throws SQLException {
        if (closed) {
            return;
        }
        closed = true;
        Connection connection = target;
        if (connection == null) {
            return;
        }
        try (connection) {
            if (!connection.isClosed() && connection.getAutoCommit()) {
                capture(connection);
            }
            if (readOnly && !connection.isClosed()) {
                if (!connection.getAutoCommit()) {
                    connection.rollback();
                }
                connection.setReadOnly(false);
            }
        }
    }
}
