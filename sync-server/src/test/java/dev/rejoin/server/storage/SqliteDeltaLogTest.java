package dev.rejoin.server.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SqliteDeltaLogTest extends DeltaLogAcceptance {
    private static final LogRecord SMALL = LogRecord.Merged.unjudged(new byte[] {1, 2, 3});

    @TempDir
    Path directory;

    @Override
    protected DeltaLog open() {
        return SqliteDeltaLog.open(directory.resolve("acceptance"));
    }

    @Test
    void survivesAKillWithoutClosing() throws IOException {
        Path first = directory.resolve("first");
        Path copy = directory.resolve("copy");
        try (SqliteDeltaLog log = SqliteDeltaLog.open(first)) {
            Desk desk = new Desk(log, 1);
            LogDocument document = desk.create("a");
            desk.append(document, SMALL);
            desk.run();
            Files.createDirectories(copy);
            for (String file : List.of("rejoin.db", "rejoin.db-wal")) {
                Files.copy(first.resolve(file), copy.resolve(file));
            }
        }
        try (SqliteDeltaLog log = SqliteDeltaLog.open(copy)) {
            assertEquals(1, new Desk(log, 2).load("a").orElseThrow().tail().size());
        }
    }

    @Test
    void everyFlippedByteInTheDatabaseIsReported() throws SQLException {
        Path data = directory.resolve("flips");
        try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
            Desk desk = new Desk(log, 1);
            LogDocument document = desk.create("a");
            desk.append(document, SMALL);
            desk.append(document, SMALL);
            desk.done(desk.writer.snapshot(document, new StoredSnapshot(1, new byte[] {5}, new byte[0], List.of())));
        }
        List<String> survivors = new ArrayList<>();
        for (String table : List.of("document", "entry", "chunk")) {
            byte[] good = value(data, table);
            for (int at = 0; at < good.length; at++) {
                byte[] bad = good.clone();
                bad[at] ^= (byte) (1 << at % 8);
                update(data, table, bad);
                try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
                    Desk desk = new Desk(log, 2);
                    try {
                        desk.load("a");
                        survivors.add(table + " byte " + at);
                    } catch (CorruptDocumentException expected) {
                        assertEquals("a", expected.document());
                    }
                }
            }
            update(data, table, good);
        }
        assertEquals(List.of(), survivors);
        try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
            assertTrue(new Desk(log, 2).load("a").isPresent());
        }
    }

    @Test
    void aDamagedPageIsReportedAsDamageOrRefused() throws IOException {
        Path data = directory.resolve("pages");
        int documents = 40;
        try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
            Desk desk = new Desk(log, 1);
            for (int i = 0; i < documents; i++) {
                LogDocument document = desk.create("document " + i);
                desk.append(document, LogRecord.Merged.unjudged(new byte[300]));
            }
            desk.run();
        }
        byte[] good = Files.readAllBytes(data.resolve("rejoin.db"));
        for (int at = 100; at < good.length; at += 509) {
            byte[] bad = good.clone();
            bad[at] ^= 0x10;
            Path damaged = directory.resolve("page-" + at);
            Files.createDirectories(damaged);
            Files.write(damaged.resolve("rejoin.db"), bad);
            servesOnlyWhatWasWritten(damaged, documents, at);
        }
    }

    private static void servesOnlyWhatWasWritten(Path data, int documents, int at) {
        try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
            Desk desk = new Desk(log, 2);
            for (int i = 0; i < documents; i++) {
                try {
                    StoredDocument loaded = desk.load("document " + i)
                            .orElseThrow(() -> new AssertionError("a document vanished without a word, byte " + at));
                    assertEquals(
                            List.of(LogRecord.Merged.unjudged(new byte[300])),
                            loaded.tail().get(0).records());
                } catch (CorruptDocumentException | StoreDownException reported) {
                    // The point of the test: it was noticed.
                }
            }
        } catch (StoreDownException | IllegalStateException refused) {
            // The whole file is refused, which is noticed too.
        }
    }

    @Test
    void aSecondServerOnTheSameDirectoryIsRefused() {
        Path data = directory.resolve("busy");
        try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
            StoreDownException refused = assertThrows(StoreDownException.class, () -> SqliteDeltaLog.open(data));
            assertTrue(refused.getMessage().contains("in use by another server"), refused.getMessage());
        }
        SqliteDeltaLog.open(data).close();
    }

    @Test
    void filesAreReadableByTheirOwnerOnly() throws IOException {
        assumeTrue(directory.getFileSystem().supportedFileAttributeViews().contains("posix"));
        Path data = directory.resolve("private");
        try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
            new Desk(log, 1).create("a");
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(data)));
            try (var files = Files.list(data)) {
                for (Path file : files.toList()) {
                    assertEquals(
                            "rw-------",
                            PosixFilePermissions.toString(Files.getPosixFilePermissions(file)),
                            file.toString());
                }
            }
        }
    }

    @Test
    void aLogOfANewerServerIsRefused() throws SQLException {
        Path data = directory.resolve("newer");
        SqliteDeltaLog.open(data).close();
        execute(data, "PRAGMA user_version = 2");
        StoreDownException refused = assertThrows(StoreDownException.class, () -> SqliteDeltaLog.open(data));
        assertTrue(refused.getMessage().contains("newer version"), refused.getMessage());
    }

    @Test
    void aForeignDatabaseIsRefused() throws IOException, SQLException {
        Path data = directory.resolve("foreign");
        Files.createDirectories(data);
        execute(data, "CREATE TABLE recipe (name TEXT)");
        StoreDownException refused = assertThrows(StoreDownException.class, () -> SqliteDeltaLog.open(data));
        assertTrue(refused.getMessage().contains("not a log of this server"), refused.getMessage());
        Path text = directory.resolve("text");
        Files.createDirectories(text);
        Files.writeString(
                text.resolve("rejoin.db"), "this is not a database, it is a text of some length. ".repeat(40));
        assertThrows(StoreDownException.class, () -> SqliteDeltaLog.open(text));
    }

    private static Connection connect(Path data) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + data.resolve("rejoin.db"));
    }

    private static void execute(Path data, String sql) throws SQLException {
        try (Connection connection = connect(data);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static byte[] value(Path data, String table) throws SQLException {
        try (Connection connection = connect(data);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT value FROM " + table)) {
            assertTrue(row.next());
            return row.getBytes(1);
        }
    }

    private static void update(Path data, String table, byte[] value) throws SQLException {
        try (Connection connection = connect(data);
                PreparedStatement update = connection.prepareStatement("UPDATE " + table + " SET value = ?")) {
            update.setBytes(1, value);
            assertEquals(1, update.executeUpdate());
        }
    }
}
