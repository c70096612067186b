package dev.rejoin.server.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;

/**
 * A {@link DeltaLog} in one SQLite file: write-ahead log, {@code synchronous=FULL}, so a commit has been flushed to the disk
 * when it returns. One connection writes, another reads beside it. The directory is locked against a second server, and
 * its files are readable by their owner only.
 */
public final class SqliteDeltaLog implements DeltaLog {
    private static final String FILE = "rejoin.db";
    private static final String LOCK_FILE = "rejoin.lock";

    /** "rjn1" in the header of the file, for whoever finds it. */
    private static final int APPLICATION_ID = 0x726a6e31;

    private static final int SCHEMA_VERSION = 1;
    private static final int BUSY_TIMEOUT_MILLIS = 5_000;
    private static final int JOURNAL_LIMIT_BYTES = 64 << 20;

    /* Tables without rowid keep each row in one place, its key included: there is no second copy in an index that could
     * tell another story. Chunks are large, which such tables are bad at. */
    private static final List<String> SCHEMA = List.of(
            "CREATE TABLE property (name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
            "CREATE TABLE document (name TEXT NOT NULL PRIMARY KEY, id BIGINT NOT NULL UNIQUE, value BLOB NOT NULL)"
                    + " WITHOUT ROWID",
            "CREATE TABLE entry (document BIGINT NOT NULL, sequence BIGINT NOT NULL, incarnation BIGINT NOT NULL,"
                    + " value BLOB NOT NULL, PRIMARY KEY (document, sequence)) WITHOUT ROWID",
            "CREATE TABLE chunk (document BIGINT NOT NULL, sequence BIGINT NOT NULL, chunk INTEGER NOT NULL,"
                    + " value BLOB NOT NULL, PRIMARY KEY (document, sequence, chunk))");

    private final Path directory;
    private final FileChannel lock;
    private final JdbcRows writer;
    private final JdbcRows reader; // calls are guarded by itself
    private volatile @Nullable StoreDownException down;

    private SqliteDeltaLog(Path directory, FileChannel lock, Connection writer, Connection reader) {
        this.directory = directory;
        this.lock = lock;
        this.writer = new JdbcRows(writer);
        this.reader = new JdbcRows(reader);
    }

    /**
     * Opens the log in a directory, which is created if it is not there.
     *
     * @throws StoreDownException if another server has it, it was written by a newer version, or it cannot be opened; the
     *     message is meant for the operator
     */
    public static SqliteDeltaLog open(Path directory) {
        FileChannel lock = lock(directory);
        Connection writer = null;
        Connection reader = null;
        try {
            Path file = directory.resolve(FILE);
            createPrivate(file);
            WriteAheadLog.check(directory.resolve(FILE + "-wal"));
            writer = connect(file, false);
            prepareSchema(writer, file);
            checkDurable(writer);
            writer.setAutoCommit(false);
            reader = connect(file, true);
            return new SqliteDeltaLog(directory, lock, writer, reader);
        } catch (IOException | SQLException | RuntimeException failure) {
            closeAll(failure, writer, reader, lock);
            throw failure instanceof StoreDownException known
                    ? known
                    : new StoreDownException(
                            "the log in " + directory + " cannot be opened: " + failure.getMessage(), failure);
        }
    }

    private static FileChannel lock(Path directory) {
        try {
            if (!Files.isDirectory(directory)) {
                Files.createDirectories(directory);
                restrict(directory, "rwx------");
            }
            Path file = directory.resolve(LOCK_FILE);
            createPrivate(file);
            FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
            FileLock held = null;
            try {
                held = channel.tryLock();
            } catch (OverlappingFileLockException sameProcess) {
                // Reported below like a lock of another process.
            }
            if (held == null) {
                channel.close();
                throw new StoreDownException("the data directory " + directory + " is in use by another server", null);
            }
            return channel;
        } catch (IOException failure) {
            throw new StoreDownException("the data directory " + directory + " cannot be used: " + failure, failure);
        }
    }

    private static void createPrivate(Path file) throws IOException {
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException present) {
            return;
        }
        restrict(file, "rw-------");
        try (FileChannel parent = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            parent.force(true);
        } catch (IOException unsupported) {
            // Windows cannot flush directories; its file systems journal the creation of files themselves.
        }
    }

    private static void restrict(Path path, String permissions) throws IOException {
        if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
        }
    }

    private static Connection connect(Path file, boolean readOnly) throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.setBusyTimeout(BUSY_TIMEOUT_MILLIS);
        config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
        config.setJournalSizeLimit(JOURNAL_LIMIT_BYTES);
        // otherwise the driver compiles and runs a query for the row's number after each insertion
        config.setGetGeneratedKeys(false);
        Connection connection = config.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA cell_size_check = ON");
            statement.execute("PRAGMA trusted_schema = OFF");
            statement.execute("PRAGMA fullfsync = ON");
            statement.execute("PRAGMA checkpoint_fullfsync = ON");
            if (readOnly) {
                statement.execute("PRAGMA query_only = ON");
            }
        } catch (SQLException failure) {
            connection.close();
            throw failure;
        }
        return connection;
    }

    private static void prepareSchema(Connection connection, Path file) throws SQLException {
        long application = pragma(connection, "application_id");
        long version = pragma(connection, "user_version");
        if (application == APPLICATION_ID && version == SCHEMA_VERSION) {
            return;
        }
        if (application == APPLICATION_ID && version > SCHEMA_VERSION) {
            throw new StoreDownException(
                    file + " was written by a newer version of this server (schema " + version
                            + "; this one reads up to " + SCHEMA_VERSION + ")",
                    null);
        }
        if (application != 0 || version != 0 || pragma(connection, "schema_version") != 0) {
            throw new StoreDownException(file + " is not a log of this server", null);
        }
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            for (String table : SCHEMA) {
                statement.execute(table);
            }
            statement.execute("PRAGMA application_id = " + APPLICATION_ID);
            statement.execute("PRAGMA user_version = " + SCHEMA_VERSION);
        }
        connection.commit();
    }

    /** A setting that did not take would turn acks into lies. */
    private static void checkDurable(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet mode = statement.executeQuery("PRAGMA journal_mode")) {
            String journal = mode.next() ? mode.getString(1) : "";
            long synchronous = pragma(connection, "synchronous");
            if (!"wal".equalsIgnoreCase(journal) || synchronous < 2) {
                throw new StoreDownException(
                        "SQLite did not accept durable settings: journal_mode " + journal + ", synchronous "
                                + synchronous,
                        null);
            }
        }
    }

    private static long pragma(Connection connection, String name) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet value = statement.executeQuery("PRAGMA " + name)) {
            return value.next() ? value.getLong(1) : 0;
        }
    }

    @Override
    public Durability durability() {
        return Durability.DISK;
    }

    @Override
    public String description() {
        return "SQLite in " + directory + " (WAL, synchronous=FULL)";
    }

    @Override
    public Optional<byte[]> property(String name) {
        return read(rows -> rows.property(name));
    }

    @Override
    public Optional<HeadRow> head(String name) {
        return read(rows -> rows.head(name));
    }

    @Override
    public void heads(Consumer<HeadRow> visitor) {
        visit(rows -> rows.heads(visitor));
    }

    @Override
    public void entries(long document, Consumer<EntryRow> visitor) {
        visit(rows -> rows.entries(document, visitor));
    }

    @Override
    public void chunks(long document, long sequence, Consumer<ChunkRow> visitor) {
        visit(rows -> rows.chunks(document, sequence, visitor));
    }

    @Override
    public void commit(List<RowChange> changes) {
        checkUp();
        try {
            writer.commit(changes);
        } catch (SQLException | RuntimeException failure) {
            StoreDownException latched = new StoreDownException(
                    "a commit to the log in " + directory + " failed: " + failure.getMessage(), failure);
            down = latched;
            throw latched;
        }
    }

    @Override
    public void close() {
        if (down == null) {
            down = new StoreDownException("the log in " + directory + " is closed", null);
        }
        synchronized (reader) {
            try (lock;
                    writer;
                    reader) {
                // Closing the last connection moves the write-ahead log into the file.
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            } catch (SQLException failure) {
                throw new StoreDownException("the log in " + directory + " did not close: " + failure, failure);
            }
        }
    }

    private void visit(SqlVisit visit) {
        read(rows -> {
            visit.on(rows);
            return true;
        });
    }

    private <T> T read(SqlRead<T> read) {
        synchronized (reader) {
            checkUp();
            try {
                return read.from(reader);
            } catch (SQLException failure) {
                if (isDamage(failure)) {
                    throw new IllegalStateException("SQLite says: " + failure.getMessage(), failure);
                }
                throw new StoreDownException("the log in " + directory + " cannot be read: " + failure, failure);
            }
        }
    }

    private static boolean isDamage(SQLException failure) {
        int code = failure.getErrorCode() & 0xff;
        return code == SQLiteErrorCode.SQLITE_CORRUPT.code
                || code == SQLiteErrorCode.SQLITE_NOTADB.code
                || code == SQLiteErrorCode.SQLITE_MISMATCH.code;
    }

    private void checkUp() {
        StoreDownException latched = down;
        if (latched != null) {
            throw new StoreDownException("the log in " + directory + " is out of service", latched);
        }
    }

    private static void closeAll(Exception cause, @Nullable AutoCloseable... resources) {
        for (AutoCloseable resource : resources) {
            try {
                if (resource != null) {
                    resource.close();
                }
            } catch (Exception failure) {
                cause.addSuppressed(failure);
            }
        }
    }

    private interface SqlRead<T> {
        T from(JdbcRows rows) throws SQLException;
    }

    private interface SqlVisit {
        void on(JdbcRows rows) throws SQLException;
    }
}
