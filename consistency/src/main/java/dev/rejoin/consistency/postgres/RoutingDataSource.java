package dev.rejoin.consistency.postgres;

import java.io.PrintWriter;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.DataSource;

/** The data source of {@link PostgresReadYourWrites#dataSource}: its connections choose their server at the first statement. */
final class RoutingDataSource implements DataSource {
    private final PostgresReadYourWrites database;

    RoutingDataSource(PostgresReadYourWrites database) {
        this.database = database;
    }

    @Override
    public Connection getConnection() {
        return (Connection) Proxy.newProxyInstance(
                RoutingDataSource.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                new RoutedConnection(database, database.boundSession()));
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException("the data sources behind this one know their users");
    }

    @Override
    public PrintWriter getLogWriter() throws SQLException {
        return database.primary().getLogWriter();
    }

    @Override
    public void setLogWriter(PrintWriter out) throws SQLException {
        database.primary().setLogWriter(out);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        database.primary().setLoginTimeout(seconds);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return database.primary().getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        return database.primary().getParentLogger();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return type.isInstance(this) ? type.cast(this) : database.primary().unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return type.isInstance(this) || database.primary().isWrapperFor(type);
    }
}
