package dev.rejoin.server.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The rows of a log in SQL that every database understands, over one connection. Statements are prepared once. Owned by
 * one thread at a time.
 */
final class JdbcRows implements AutoCloseable {
    private final Connection connection;
    private final Map<String, PreparedStatement> prepared = new HashMap<>();

    JdbcRows(Connection connection) {
        this.connection = connection;
    }

    Optional<byte[]> property(String name) throws SQLException {
        PreparedStatement select = statement("SELECT value FROM property WHERE name = ?");
        select.setString(1, name);
        try (ResultSet row = select.executeQuery()) {
            return row.next() ? Optional.of(value(row, 1)) : Optional.empty();
        }
    }

    Optional<HeadRow> head(String name) throws SQLException {
        PreparedStatement select = statement("SELECT id, name, value FROM document WHERE name = ?");
        select.setString(1, name);
        try (ResultSet row = select.executeQuery()) {
            return row.next() ? Optional.of(head(row)) : Optional.empty();
        }
    }

    void heads(Consumer<HeadRow> visitor) throws SQLException {
        try (ResultSet row = statement("SELECT id, name, value FROM document").executeQuery()) {
            while (row.next()) {
                visitor.accept(head(row));
            }
        }
    }

    void heads(String from, int limit, Consumer<HeadRow> visitor) throws SQLException {
        PreparedStatement select =
                statement("SELECT id, name, value FROM document WHERE name >= ? ORDER BY name LIMIT ?");
        select.setString(1, from);
        select.setInt(2, limit);
        try (ResultSet row = select.executeQuery()) {
            while (row.next()) {
                visitor.accept(head(row));
            }
        }
    }

    /** A name that reads as anything but text is one that nobody finds, however it looks; its envelope will be found to be another's. */
    private static HeadRow head(ResultSet row) throws SQLException {
        return new HeadRow(row.getLong(1), row.getObject(2) instanceof String name ? name : "", value(row, 3));
    }

    /** A damaged cell may read as null although the column forbids it; its envelope will be found missing. */
    private static byte[] value(ResultSet row, int column) throws SQLException {
        byte[] value = row.getBytes(column);
        return value == null ? new byte[0] : value;
    }

    void entries(long document, Consumer<EntryRow> visitor) throws SQLException {
        PreparedStatement select =
                statement("SELECT sequence, incarnation, value FROM entry WHERE document = ? ORDER BY sequence");
        select.setLong(1, document);
        try (ResultSet row = select.executeQuery()) {
            while (row.next()) {
                visitor.accept(new EntryRow(document, row.getLong(1), row.getLong(2), value(row, 3)));
            }
        }
    }

    void chunks(long document, long sequence, Consumer<ChunkRow> visitor) throws SQLException {
        PreparedStatement select =
                statement("SELECT chunk, value FROM chunk WHERE document = ? AND sequence = ? ORDER BY chunk");
        select.setLong(1, document);
        select.setLong(2, sequence);
        try (ResultSet row = select.executeQuery()) {
            while (row.next()) {
                visitor.accept(new ChunkRow(document, sequence, row.getInt(1), value(row, 2)));
            }
        }
    }

    /** Carries out all changes in one transaction; whether they hold after an exception is unknown. */
    void commit(List<RowChange> changes) throws SQLException {
        for (RowChange change : changes) {
            apply(change);
        }
        connection.commit();
    }

    private void apply(RowChange change) throws SQLException {
        if (change instanceof RowChange.InsertEntry insert) {
            EntryRow row = insert.row();
            PreparedStatement entry =
                    statement("INSERT INTO entry (document, sequence, incarnation, value) VALUES (?, ?, ?, ?)");
            entry.setLong(1, row.document());
            entry.setLong(2, row.sequence());
            entry.setLong(3, row.incarnation());
            entry.setBytes(4, row.value());
            entry.executeUpdate();
        } else if (change instanceof RowChange.ReplaceHead replace) {
            replaceHead(replace);
        } else if (change instanceof RowChange.InsertHead insert) {
            PreparedStatement head = statement("INSERT INTO document (id, name, value) VALUES (?, ?, ?)");
            head.setLong(1, insert.row().document());
            head.setString(2, insert.row().name());
            head.setBytes(3, insert.row().value());
            head.executeUpdate();
        } else if (change instanceof RowChange.DeleteHead delete) {
            deleteHead(delete.row());
        } else if (change instanceof RowChange.PutProperty put) {
            PreparedStatement property = statement("INSERT INTO property (name, value) VALUES (?, ?)"
                    + " ON CONFLICT (name) DO UPDATE SET value = excluded.value");
            property.setString(1, put.name());
            property.setBytes(2, put.value());
            property.executeUpdate();
        } else if (change instanceof RowChange.InsertChunk insert) {
            ChunkRow row = insert.row();
            PreparedStatement chunk =
                    statement("INSERT INTO chunk (document, sequence, chunk, value) VALUES (?, ?, ?, ?)");
            chunk.setLong(1, row.document());
            chunk.setLong(2, row.sequence());
            chunk.setInt(3, row.chunk());
            chunk.setBytes(4, row.value());
            chunk.executeUpdate();
        } else if (change instanceof RowChange.DeleteEntries delete) {
            delete("DELETE FROM entry WHERE document = ? AND sequence <= ?", delete.document(), delete.through());
        } else if (change instanceof RowChange.DeleteChunksExcept delete) {
            delete("DELETE FROM chunk WHERE document = ? AND sequence <> ?", delete.document(), delete.sequence());
        }
    }

    private void replaceHead(RowChange.ReplaceHead replace) throws SQLException {
        PreparedStatement head = statement("UPDATE document SET value = ? WHERE name = ? AND id = ? AND value = ?");
        head.setBytes(1, replace.row().value());
        head.setString(2, replace.row().name());
        head.setLong(3, replace.row().document());
        head.setBytes(4, replace.expected());
        expectOne(head.executeUpdate(), replace.row());
    }

    private void deleteHead(HeadRow row) throws SQLException {
        PreparedStatement head = statement("DELETE FROM document WHERE name = ? AND id = ? AND value = ?");
        head.setString(1, row.name());
        head.setLong(2, row.document());
        head.setBytes(3, row.value());
        expectOne(head.executeUpdate(), row);
    }

    private static void expectOne(int rows, HeadRow head) throws SQLException {
        if (rows != 1) {
            throw new SQLException("the head of '" + head.name()
                    + "' is not the one expected: somebody else writes to this log, or the row is damaged");
        }
    }

    private void delete(String sql, long document, long sequence) throws SQLException {
        PreparedStatement delete = statement(sql);
        delete.setLong(1, document);
        delete.setLong(2, sequence);
        delete.executeUpdate();
    }

    private PreparedStatement statement(String sql) throws SQLException {
        PreparedStatement statement = prepared.get(sql);
        if (statement == null) {
            statement = connection.prepareStatement(sql);
            prepared.put(sql, statement);
        }
        return statement;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
