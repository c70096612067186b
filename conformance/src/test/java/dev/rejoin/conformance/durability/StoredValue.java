package dev.rejoin.conformance.durability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A value in the database of a server that is not running, to be damaged and repaired bit by bit. */
record StoredValue(Path database, String table, String name, long sequence, long chunk) {
    /** All entries and snapshot parts that are stored of a document. */
    static List<StoredValue> of(Path data, String document) throws SQLException {
        Path database = data.resolve("rejoin.db");
        List<StoredValue> values = new ArrayList<>();
        try (Connection connection = connect(database);
                PreparedStatement select = connection.prepareStatement("SELECT 'entry', sequence, -1 FROM entry"
                        + " WHERE document = (SELECT id FROM document WHERE name = ?1) UNION ALL"
                        + " SELECT 'chunk', sequence, chunk FROM chunk"
                        + " WHERE document = (SELECT id FROM document WHERE name = ?1)")) {
            select.setString(1, document);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    values.add(new StoredValue(database, row.getString(1), document, row.getLong(2), row.getLong(3)));
                }
            }
        }
        return values;
    }

    /** The head of a document. */
    static StoredValue head(Path data, String document) {
        return new StoredValue(data.resolve("rejoin.db"), "document", document, 0, -1);
    }

    private static Connection connect(Path database) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + database);
    }

    /** How many bits it has. */
    int bits() throws SQLException {
        try (Connection connection = connect(database)) {
            return 8 * read(connection).length;
        }
    }

    /** Turns one bit round; doing it again repairs it. */
    void flip(int bit) throws SQLException {
        try (Connection connection = connect(database)) {
            byte[] value = read(connection);
            value[bit / 8] ^= (byte) (1 << bit % 8);
            try (PreparedStatement update =
                    connection.prepareStatement("UPDATE " + table + " SET value = ?3" + where())) {
                bind(update);
                update.setBytes(3, value);
                assertEquals(1, update.executeUpdate(), toString());
            }
        }
    }

    private byte[] read(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("SELECT value FROM " + table + where())) {
            bind(select);
            try (ResultSet row = select.executeQuery()) {
                assertTrue(row.next(), toString());
                return row.getBytes(1);
            }
        }
    }

    private String where() {
        return switch (table) {
            case "document" -> " WHERE name = ?1 AND ?2 = 0";
            case "chunk" ->
                " WHERE document = (SELECT id FROM document WHERE name = ?1) AND sequence = ?2 AND chunk = " + chunk;
            default -> " WHERE document = (SELECT id FROM document WHERE name = ?1) AND sequence = ?2";
        };
    }

    private void bind(PreparedStatement statement) throws SQLException {
        statement.setString(1, name);
        statement.setLong(2, sequence);
    }
}
