package dev.rejoin.server.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;

/**
 * One moment of an SQLite store, also of one that a server in another process is writing to: a read transaction on a connection
 * of its own. Writers go on beside it; until it is closed SQLite cannot reuse the space of what it shows.
 */
public final class SqliteView implements LogView {
    private static final int BUSY_TIMEOUT_MILLIS = 5_000;
    private static final int PAGES_PER_STEP = 1_024;

    private final Path file;
    private final Connection connection;
    private final JdbcRows rows;
    private final @Nullable FileChannel lock;
    private final boolean live;

    private SqliteView(Path file, Connection connection, @Nullable FileChannel lock, boolean live) {
        this.file = file;
        this.connection = connection;
        this.rows = new JdbcRows(connection);
        this.lock = lock;
        this.live = live;
    }

    /** How far a copy is. */
    @FunctionalInterface
    public interface CopyListener {
        /** So many bytes of so many are written. */
        void copied(long bytes, long of);
    }

    /**
     * Looks at the store in a data directory, whether a server uses it or not. If none does, none can start until this is closed.
     *
     * @throws StoreDownException if there is no store, or it cannot be read; the message is meant for the operator
     */
    public static SqliteView ofDirectory(Path directory) {
        Path file = DataDirectory.file(directory);
        requireFile(file, "there is no store in " + directory + " (no " + file.getFileName() + ")");
        FileChannel lock = null;
        try {
            lock = DataDirectory.tryLock(directory);
            if (lock != null) {
                DataDirectory.checkFinished(directory);
                WriteAheadLog.check(DataDirectory.writeAheadLog(file));
            }
            return open(file, file.toAbsolutePath().toString(), lock, lock == null);
        } catch (IOException | SQLException | RuntimeException failure) {
            if (lock != null) {
                try {
                    lock.close();
                } catch (IOException another) {
                    failure.addSuppressed(another);
                }
            }
            throw unreadable(file, failure);
        }
    }

    /**
     * Looks at a store in a single file, like a backup, which nobody writes to.
     *
     * @throws StoreDownException if it is no store or cannot be read; the message is meant for the operator
     */
    public static SqliteView ofFile(Path file) {
        requireFile(file, "there is no file " + file);
        try {
            Path log = DataDirectory.writeAheadLog(file);
            boolean alone = !Files.exists(log) || Files.size(log) == 0;
            if (!alone) {
                WriteAheadLog.check(log);
            }
            String path = file.toAbsolutePath().toString();
            return open(file, alone ? "file:" + uriPath(path) + "?immutable=1" : path, null, false);
        } catch (IOException | SQLException | RuntimeException failure) {
            throw unreadable(file, failure);
        }
    }

    /** Looks at the store that this process itself writes to. */
    static SqliteView beside(Path file) {
        try {
            return open(file, file.toAbsolutePath().toString(), null, true);
        } catch (SQLException failure) {
            throw unreadable(file, failure);
        }
    }

    private static String uriPath(String path) {
        return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23");
    }

    private static void requireFile(Path file, String otherwise) {
        if (!Files.isRegularFile(file)) {
            throw new StoreDownException(otherwise, null);
        }
    }

    private static StoreDownException unreadable(Path file, Exception failure) {
        return failure instanceof StoreDownException known
                ? known
                : new StoreDownException(file + " cannot be read: " + failure.getMessage(), failure);
    }

    private static SqliteView open(Path file, String database, @Nullable FileChannel lock, boolean live)
            throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(BUSY_TIMEOUT_MILLIS);
        config.setTransactionMode(SQLiteConfig.TransactionMode.DEFERRED);
        Connection connection = config.createConnection("jdbc:sqlite:" + database);
        try {
            try (Statement statement = connection.createStatement()) {
                statement.execute("PRAGMA query_only = ON");
                statement.execute("PRAGMA cell_size_check = ON");
                statement.execute("PRAGMA trusted_schema = OFF");
            }
            if (!SqliteDeltaLog.hasSchema(connection, file)) {
                throw new StoreDownException(file + " is not a log of this server", null);
            }
            connection.setAutoCommit(false);
            // the first read fixes the moment
            SqliteView view = new SqliteView(file, connection, lock, live);
            view.rows.property("");
            return view;
        } catch (SQLException | RuntimeException failure) {
            connection.close();
            throw failure;
        }
    }

    /** Whether a server is using the store. */
    public boolean isLive() {
        return live;
    }

    /** What the store takes on the disk, in bytes. */
    public long bytes() {
        return DataDirectory.bytes(file);
    }

    @Override
    public Optional<byte[]> property(String name) {
        return read(() -> rows.property(name));
    }

    @Override
    public Optional<HeadRow> head(String name) {
        return read(() -> rows.head(name));
    }

    @Override
    public void heads(Consumer<HeadRow> visitor) {
        read(() -> {
            rows.heads(visitor);
            return true;
        });
    }

    @Override
    public void entries(long document, Consumer<EntryRow> visitor) {
        read(() -> {
            rows.entries(document, visitor);
            return true;
        });
    }

    @Override
    public void chunks(long document, long sequence, Consumer<ChunkRow> visitor) {
        read(() -> {
            rows.chunks(document, sequence, visitor);
            return true;
        });
    }

    private interface SqlRead<T> {
        T run() throws SQLException;
    }

    private <T> T read(SqlRead<T> read) {
        try {
            return read.run();
        } catch (SQLException failure) {
            if (SqliteDeltaLog.isDamage(failure)) {
                throw new DamagedPageException(file + " is damaged; SQLite says: " + failure.getMessage(), failure);
            }
            throw new StoreDownException(file + " cannot be read: " + failure.getMessage(), failure);
        }
    }

    /**
     * Writes a copy of this moment, page by page, into one file. It appears under its name when it is whole and on the disk; what an
     * interrupted copy leaves behind has another name. Writers of the store go on.
     *
     * @param replace whether a file of that name may be replaced
     * @return its size in bytes
     * @throws StoreDownException if it cannot be written, or is there already
     */
    public long copyTo(Path target, boolean replace, CopyListener listener) {
        // Backup API of SQLite (https://www.sqlite.org/backup.html). It begins again whenever another connection
        // writes, unless its
        // source is in a read transaction, which this one is; so each page is read once, however busy the writers are.
        Path whole = target.toAbsolutePath();
        Path part = whole.resolveSibling(whole.getFileName() + ".part");
        try {
            if (!replace && Files.exists(whole)) {
                throw new StoreDownException(target + " is there already: choose another name, or --replace", null);
            }
            Files.deleteIfExists(part);
            DataDirectory.createPrivate(part);
            long pageBytes = SqliteDeltaLog.pragma(connection, "page_size");
            int code = connection
                    .unwrap(SQLiteConnection.class)
                    .getDatabase()
                    .backup(
                            "main",
                            part.toString(),
                            (remaining, pages) -> listener.copied((pages - remaining) * pageBytes, pages * pageBytes),
                            1,
                            BUSY_TIMEOUT_MILLIS,
                            PAGES_PER_STEP);
            if (code != SQLiteErrorCode.SQLITE_OK.code) {
                throw new SQLException("the copy failed with " + SQLiteErrorCode.getErrorCode(code));
            }
            DataDirectory.flush(part);
            move(part, whole);
            DataDirectory.flushDirectory(whole.getParent());
            return Files.size(whole);
        } catch (IOException | SQLException failure) {
            throw new StoreDownException(target + " cannot be written: " + failure, failure);
        }
    }

    static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    @Override
    public void close() {
        try (lock;
                rows) {
            // a read transaction ends with its connection
        } catch (IOException | SQLException failure) {
            throw new StoreDownException(file + " did not close: " + failure, failure);
        }
    }
}
